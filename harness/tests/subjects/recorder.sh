#!/bin/sh
# A subject that writes down what it is asked, and has nothing to say to it.
#   recorder.sh FILE

echo 'churn-subject 1 {"name":"recorder","version":"1","ops":["get","release","rung","shutdown","thread"],"counters":[],"clock":"real"}'
while read -r line; do
	echo "$line" >>"$1"
	case $line in
	rung) echo 'rung {"leases_out":0,"gets_waiting":0,"gets_leased":0,"gets_failed":0,"gets_closed":0}' ;;
	shutdown) echo 'done shutdown' ;;
	esac
done
