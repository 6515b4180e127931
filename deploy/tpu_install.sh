#!/usr/bin/env bash
# Installs the program on a TPU VM, in a clone: TensorFlow's build for TPUs in
# place of the ordinary one, in the same version.
set -euo pipefail

python3 -m venv .venv
.venv/bin/pip install --quiet --editable '.[gcs]'
.venv/bin/pip uninstall --quiet --yes tensorflow
.venv/bin/pip install --quiet "tensorflow-tpu==2.20.*" \
  --find-links https://storage.googleapis.com/libtpu-tf-releases/index.html
