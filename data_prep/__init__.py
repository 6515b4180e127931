"""Builds of vocabularies and TFRecord datasets."""

import os

from electra_tf import errors as errors  # From here on Ctrl-C ends at once.

# Threads for products of matrices, of which there are none here; while they
# wait for some they took a twelfth of a build's processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
