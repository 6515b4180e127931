#!/usr/bin/env bash
# Pre-trains on a TPU VM: deploy/tpu_vm.sh NAME ZONE BUCKET
#
# Asks for the machine by the queue of TPUs, waits for it, installs the program
# there and starts it. A spot machine is cheaper and may be taken away: delete
# the queued resource and give the same command again. The run goes on from its
# newest checkpoint in gs://BUCKET/electra, where vocabulary and records must be
# already.
#
# TYPE: v5litepod-8, or another with one machine.
# VERSION: the image, of which TensorFlow is not used.
set -euo pipefail

if (($# != 3)); then
  echo "usage: $0 NAME ZONE BUCKET" >&2
  exit 2
fi
name=$1 zone=$2 bucket=$3

on_vm() {
  gcloud compute tpus tpu-vm ssh "$name" --zone="$zone" --command="$1"
}

gcloud compute tpus queued-resources create "$name" --node-id="$name" \
  --zone="$zone" --accelerator-type="${TYPE:-v5litepod-8}" \
  --runtime-version="${VERSION:-v2-tpuv5-litepod}" --spot
until [[ $(gcloud compute tpus queued-resources describe "$name" \
  --zone="$zone" --format='value(state.state)') == ACTIVE ]]; do
  sleep 30
done

tar -cz --exclude-vcs --exclude=.venv . |
  gcloud compute tpus tpu-vm ssh "$name" --zone="$zone" \
    --command="mkdir -p electra_tf && tar -xz -C electra_tf"
on_vm "cd electra_tf && bash deploy/tpu_install.sh"
# Goes on when the connection ends; deploy/restart.sh starts it again.
on_vm "cd electra_tf && BUCKET=$bucket nohup deploy/tpu_pretrain.sh \
  >pretraining.log 2>&1 </dev/null &"
on_vm "sleep 60; tail electra_tf/pretraining.log"
