#!/usr/bin/env bash
# Builds records on Flink or Spark: deploy/beam_cluster.sh ENDPOINT FOLDER
#
# ENDPOINT is HOST:PORT of Beam's job server, one of
#   docker run --net=host apache/beam_flink1.19_job_server --flink-master=HOST:8081
#   docker run --net=host apache/beam_spark3_job_server \
#     --spark-master-url=spark://HOST:7077
# whose port is 8099; "embed" tries all of it on this machine. FOLDER has text/
# and vocab.txt and is seen by all machines. Needs pip install 'electra_tf[beam]'.
set -euo pipefail

if (($# != 2)); then
  echo "usage: $0 ENDPOINT FOLDER" >&2
  exit 2
fi
exec python -m data_prep.beam_build --corpus_dir="$2/text" \
  --vocab_file="$2/vocab.txt" --output_dir="$2/pretrain_tfrecords" \
  --max_seq_length=512 \
  -- --runner=PortableRunner --job_endpoint="$1" \
  --environment_type="${ENVIRONMENT:-DOCKER}" --setup_file=./setup.py
