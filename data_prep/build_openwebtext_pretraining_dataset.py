"""Turns OpenWebText into records for pre-training.

    python -m data_prep.build_openwebtext_pretraining_dataset \\
        --data_dir=data --num_processes=8

Expected is what `tar xf openwebtext.tar.xz` gives: a folder of archives
(`urlsf_subset00-1_data.xz`, ...), each with a web page a text file. These
archives are read as they are. The flags of the original program work too.
"""

import dataclasses
import os
import sys

from data_prep import build_pretraining_dataset, command_line
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import Derived, hparam


def _below_data_dir(name: str) -> Derived:
    return Derived(
        lambda config: os.path.join(config.data_dir, name), f"DATA_DIR/{name}"
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenWebTextConfig(PretrainingDatasetConfig):
    """Turns OpenWebText into TFRecord files for pre-training.

    A page is a document. The records are the same for any number of
    processes. A build that was finished with the same settings is not done
    again.
    """

    data_dir: str = hparam(
        help_text="folder with vocab.txt and the folder openwebtext",
        runtime=True,
    )
    corpus_dir: str | None = hparam(
        _below_data_dir("openwebtext"), "folder of the archives", group="text"
    )
    vocab_file: str = hparam(
        _below_data_dir("vocab.txt"), "vocabulary, one token a line"
    )
    output_dir: str = hparam(
        _below_data_dir("pretrain_tfrecords"),
        "folder for the records and their manifest.json",
    )
    corpus_format: str | None = hparam(
        "tar", "what the files are", group="text", choices=("tar",)
    )
    blank_lines_separate_documents: bool = hparam(
        False, "whether a blank line ends a document, too", group="text"
    )


def main(config: OpenWebTextConfig) -> None:
    """Build the records, or what is missing of them."""
    shared = dataclasses.fields(PretrainingDatasetConfig)
    build_pretraining_dataset.main(
        PretrainingDatasetConfig(
            **{field.name: getattr(config, field.name) for field in shared}
        )
    )


if __name__ == "__main__":
    command_line.run(
        main,
        OpenWebTextConfig,
        sys.argv,
        build_pretraining_dataset.FLAGS_OF_THE_ORIGINAL,
    )
