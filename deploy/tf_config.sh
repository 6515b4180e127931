#!/usr/bin/env bash
# Prints the TF_CONFIG of one worker: deploy/tf_config.sh INDEX HOST [HOST ...]
#
# INDEX counts the hosts from 0; host 0 is the chief, which writes. Each host
# runs one process. PORT is free on all of them.
set -euo pipefail

if (($# < 2)); then
  echo "usage: $0 INDEX HOST [HOST ...]" >&2
  exit 2
fi
index=$1
shift
addresses=$(printf '"%s:'"${PORT:-2222}"'", ' "$@")
printf '{"cluster": {"worker": [%s]}, ' "${addresses%, }"
printf '"task": {"type": "worker", "index": %d}}\n' "$index"
