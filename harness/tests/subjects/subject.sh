#!/bin/sh
# A small subject of a pool that cannot go wrong, and of everything that can go wrong in a subject.
#   subject.sh MODE     behaves well, except for what MODE says
#   subject.sh version:WORD  get:FORMAT  rung:FORMAT  shutdown:FORMAT     says that in the greeting, or in answer to that operation

mode=$1

greet() {
	echo 'churn-subject 1 {"name":"shell","version":"3","ops":["get","release","invalidate","rung","shutdown"],"counters":["leased"],"clock":"real"}'
}

case $mode in
cannot-run) echo 'looking for tools' >&2; echo 'the toolbox is missing' >&2; exit 77 ;;
no-greeting) echo 'hello world' ;;
old-greeting) echo 'churn-subject 2 {}' ;;
bad-greeting) echo 'churn-subject 1 {"name":' ;;
version:*) printf 'churn-subject %s {"name":"shell","version":"3","ops":[],"counters":[]}\n' "${mode#version:}" ;;
nul-greeting) printf 'churn-subject 1 {"name":"she\000ll","version":"3","ops":[],"counters":[]}\n' ;;
half-greeting) printf 'churn-subject 1 {"name":'; exec sleep 1000 ;;
half-greeting-exit) printf 'churn-subject 1 {"name":'; exit 0 ;;
greeting-late) sleep 0.2; greet ;;
greeting-twice) greet; greet ;;
answer-first) echo 'leased a 1'; greet ;;
exit-at-once) exit 0 ;;
exit-greeted) greet; exit 0 ;;
mute) exec >&-; exec sleep 1000 ;;
other-group) greet; exec perl -e 'setpgrp(0, getpgrp(getppid())); sleep 1000' ;;
nameless) echo 'churn-subject 1 {"ops":[],"counters":[]}' ;;
silent) exec sleep 1000 ;;
silent-cancel) echo 'churn-subject 1 {"name":"shell","version":"3","ops":["get","cancel","rung","shutdown"],"counters":["leased"]}' ;;
deaf) greet; exec sleep 1000 ;;
close-stdin) exec <&-; greet; exec sleep 1000 ;;
close-stdin-stdout) exec <&-; greet; exec >&-; exec sleep 1000 ;;
close-stderr) exec 2>&-; greet ;;
chatter-on-stderr) yes 'still here' >&2 & greet ;;
heir) greet; setsid sleep 3 <&0 & exit 3 ;;
flood-stderr) head -c 4000000 /dev/zero | tr '\0' 'x' >&2; echo 'the end of it' >&2; greet ;;
leave-grandchild) sleep 1000 & greet ;;
*) greet ;;
esac

on_get() { # LEASE
	case $mode in
	crash) kill -SEGV $$ ;;
	killed) kill -KILL $$ ;;
	crash-with-grandchild) sleep 1000 & kill -SEGV $$ ;;
	abort-with-words) echo 'pool: assertion failed' >&2; kill -ABRT $$ ;;
	crash-flooded) setsid yes 'destroyed 1' & kill -SEGV $$ ;;
	crash-flooded-on-stderr) setsid yes 'still here' 3>&1 >&2 & kill -SEGV $$ ;;
	crash-held) setsid sleep 3 <&0 & kill -SEGV $$ ;;
	crash-half-line) printf 'leased %s' "$1"; kill -SEGV $$ ;;
	exit-3-chatter) while echo 'destroyed 1'; do :; done & exit 3 ;;
	exit-3-after-answers) echo "leased $1 1"; exit 3 ;;
	close-all-exit-4) exec <&- >&- 2>&-; sleep 0.2; exit 4 ;;
	close-stdout-stderr-stdin) exec >&-; exec 2>&-; exec <&-; exec sleep 1000 ;;
	close-stderr-stdout) exec 2>&-; exec >&-; exec sleep 1000 ;;
	stopped) kill -STOP $$ ;;
	terminated) kill -TERM $$ ;;
	unkillable) trap '' TERM INT HUP QUIT; echo "leased $1 1"; while :; do sleep 1000; done ;;
	hang) exec sleep 1000 ;;
	exit-3) exit 3 ;;
	exit-0) exit 0 ;;
	garbage) echo 'what is this' ;;
	half-line) printf 'leased %s' "$1"; exec sleep 1000 ;;
	half-line-at-end) printf 'leased %s' "$1"; return ;;
	close-stdout) exec >&-; sleep 1000 ;;
	flood-stdout) exec yes 'destroyed 1' ;;
	line-of-*) echo "failed $1 $(head -c $((${mode#line-of-} - 8 - ${#1})) /dev/zero | tr '\0' 'x')"; return ;;
	get:*) printf "${mode#get:}\n" "$1" "$1"; return ;;
	long-line) head -c 70000 /dev/zero | tr '\0' 'x'; echo ;;
	endless-line) exec tr '\0' 'x' </dev/zero ;;
	nul) printf 'failed %s with a \000 in it\n' "$1"; return ;;
	nul-in-word) printf 'lea\000sed %s 1\n' "$1"; return ;;
	no-utf8) printf 'failed %s \377\376\n' "$1"; return ;;
	empty-line) echo ;;
	no-identity) echo "leased $1" ;;
	huge-identity) echo "leased $1 99999999999999999999" ;;
	unknown-lease) echo "leased nobody 1" ;;
	unasked-rung) echo 'rung {"leased":0}' ;;
	unasked-shutdown) echo 'done shutdown' ;;
	error) echo 'error the adapter lost its way' ;;
	unsupported) echo 'unsupported get'; return ;;
	unsupported-silent) echo 'unsupported get'; exec sleep 1000 ;;
	unsupported-later) [ "$items" -eq 0 ] || { echo 'unsupported get'; return; } ;;
	esac
	items=$((items + 1))
	leased=$((leased + 1))
	echo "leased $1 $items"
}

# A pool that leaks for 40 rungs, and then does worse: twice the cycles (D3) see it, the 32 rungs of a run do not.
on_leaky_rung() {
	rungs=$((rungs + 1))
	if [ $rungs -gt 40 ]; then
		case $mode in
		leak-crash) kill -SEGV $$ ;;
		leak-hang) exec sleep 1000 ;;
		leak-garbage) echo 'what is this' ;;
		leak-misuse) echo 'misuse 1 was destroyed twice' ;;
		esac
	fi
	echo "rung {\"leased\":$leased,\"finalizers\":$rungs}"
}

on_rung() {
	case $mode in
	leak-*) on_leaky_rung ;;
	rung:*) printf "${mode#rung:}\n" ;;
	missing-counter) echo 'rung {"open":0}' ;;
	bad-json) echo 'rung {"leased":' ;;
	array-json) echo 'rung [1]' ;;
	real-number) echo 'rung {"leased":1.5}' ;;
	misuse) echo 'misuse 1 was destroyed twice' && echo "rung {\"leased\":$leased}" ;;
	wrong-count) echo 'rung {"leased":7}' ;;
	example) rungs=$((rungs + 1)); echo "example leased lease $rungs"; echo "example his-own ($(printf '\001'))"; echo "rung {\"leased\":$leased}" ;;
	bad-example) echo 'example no/name x' ;;
	twice) echo "rung {\"leased\":$leased}"; echo "rung {\"leased\":$leased}" ;;
	*) echo "rung {\"leased\":$leased}" ;;
	esac
}

on_shutdown() {
	case $mode in
	stuck-shutdown) ;;
	shutdown:*) printf "${mode#shutdown:}\n" ;;
	exit-*-after-shutdown) echo 'done shutdown'; mode=${mode#exit-}; exit "${mode%-after-shutdown}" ;;
	*) echo 'done shutdown' ;;
	esac
	rungs=0
}

items=0
leased=0
rungs=0
while read -r verb lease rest; do
	case $verb in
	get) on_get "$lease" ;;
	release) leased=$((leased - 1)) ;;
	rung) on_rung ;;
	shutdown) on_shutdown ;;
	esac
done

case $mode in
stubborn) exec sleep 1000 ;;
exit-7-at-end) exit 7 ;;
crash-at-end) kill -SEGV $$ ;;
held-at-end) setsid sleep 3 <&0 & ;;
chatter-at-end) while echo 'destroyed 1'; do :; done & ;;
lost-at-end) echo 'churn-host: lost: 160 bytes in 2 blocks of slots' >&2; exit 23 ;;
esac
exit 0
