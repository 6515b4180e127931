"""Builds of vocabularies and TFRecord datasets."""

import os

# Threads for products of matrices, of which there are none here; while they
# wait for some they took a twelfth of a build's processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
