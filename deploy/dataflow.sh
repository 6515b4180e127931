#!/usr/bin/env bash
# Builds records on Google Dataflow: deploy/dataflow.sh PROJECT REGION BUCKET
#
# Text is in gs://BUCKET/text, the vocabulary in vocab.txt here. Needs
# pip install 'electra_tf[beam]' 'apache-beam[gcp]'.
set -euo pipefail

if (($# != 3)); then
  echo "usage: $0 PROJECT REGION BUCKET" >&2
  exit 2
fi
exec python -m data_prep.beam_build --corpus_dir="gs://$3/text" \
  --vocab_file=vocab.txt --output_dir="gs://$3/pretrain_tfrecords" \
  --max_seq_length=512 \
  -- --runner=DataflowRunner --project="$1" --region="$2" \
  --temp_location="gs://$3/tmp" --setup_file=./setup.py --max_num_workers=100
