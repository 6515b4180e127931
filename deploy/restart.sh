#!/usr/bin/env bash
# Runs a command again as long as that can help: deploy/restart.sh COMMAND ...
#
# 75  stopped with a checkpoint saved
# 69  stood still, or another worker did not come or was lost
# 128 and more: killed, as for want of memory
#
# Every other status is final. SIGTERM and Ctrl-C go to the command and end the
# loop. PAUSE: seconds between two runs. MOST_RUNS: of them, 100 by default.
set -uo pipefail

child=
ending=
stop() {
  ending=yes
  [[ -z $child ]] || kill -TERM "$child"
}
trap stop TERM INT

for ((run = 1; ; run++)); do
  "$@" &
  child=$!
  # A signal interrupts `wait`; the command is then still saving.
  while wait "$child"; status=$?; kill -0 "$child" 2>/dev/null; do :; done
  child=
  [[ -z $ending ]] || exit "$status"
  case $status in
    69 | 75) ;;
    *) ((status > 128)) || exit "$status" ;;
  esac
  if ((run >= ${MOST_RUNS:-100})); then
    echo "$0: given up after $run runs" >&2
    exit "$status"
  fi
  echo "$0: status $status; again in ${PAUSE:-30} s" >&2
  sleep "${PAUSE:-30}" &
  wait $! # So that a signal ends the pause.
  [[ -z $ending ]] || exit "$status"
done
