#!/bin/sh
# The gate as a plain shell job, for any CI that runs commands.
#
#   SHARD=2/4 OUT=churn-out GATE="--limit fds=100" scripts/ci/plain.sh
#   CHURN=churn GATE="churn/scenarios --pool ./mypool.so --baseline ci/churn" churn/scripts/ci/plain.sh    from your own repository
#
# CHURN is the folder of churn's sources, where it is built first; the default is this one.
# Leaves in OUT: results.json, report.html, junit.xml, summary.md. The exit code is the gate's (docs/ci.md).
set -u
out=${OUT:-churn-out}
build=${BUILD:-build}
# With a shard the numbers of one part are compared; the part is chosen by the durations in the baseline.
# shellcheck disable=SC2086 # GATE is a list of words
set -- ${GATE:-}
if [ -n "${SHARD:-}" ]; then set -- --shard "$SHARD" "$@"; fi

make -C "${CHURN:-.}" -j"$(nproc)" BUILD="$build" all || exit 3
case $build in /*) ;; *) build=${CHURN:+$CHURN/}$build ;; esac
"${CHURN:-.}/scripts/run-gate" "$build" --out "$out" "$@"
code=$?
# One place for a summary, on services that have one.
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$out/summary.md" ]; then cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
if [ "${GITHUB_ACTIONS:-}" = true ] && [ -f "$out/annotations.txt" ]; then cat "$out/annotations.txt"; fi
exit "$code"
