#!/usr/bin/env bash
# Pre-trains on the TPU of this machine; all data is in gs://BUCKET/electra.
set -euo pipefail

# As TensorFlow's TPU images set them for the PJRT runtime.
export NEXT_PLUGGABLE_DEVICE_USE_C_API=true
export TF_PLUGGABLE_DEVICE_LIBRARY_PATH=/lib/libtpu.so

exec deploy/restart.sh .venv/bin/python run_pretraining.py \
  --data_dir="gs://${BUCKET:?names the bucket}/electra" --model_name=base \
  --preset=base --precision=bfloat16 --distribution_strategy=tpu \
  --tpu_name=local
