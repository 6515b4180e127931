"""The settings that say what text to read, and what dataset to make of it."""

import dataclasses
import functools

from data_prep.examples.example_builder import SHORTEST_TARGET
from electra_tf.configs import Config, TokenizerConfig, effects, hparam
from electra_tf.errors import UserError
from electra_tf.io import records

text_hparam = functools.partial(hparam, group="text")
FORMAT_NAMES = ("text", "jsonl", "parquet", "tar", "wikipedia")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CorpusConfig(Config):
    """Settings of the text to read."""

    corpus_dir: str | None = text_hparam(
        None,
        "folder with any sub-folders, a file, a pattern such as"
        " 'text/*.jsonl.gz', or - for standard input; gs:// works too",
        runtime=True,
    )
    corpus_format: str | None = text_hparam(
        None,
        "what the files are; null: what their names end in, such as .parquet"
        " or .jsonl.zst; other names are text",
        choices=FORMAT_NAMES,
    )
    text_field: str = text_hparam(
        "text", "field of JSON lines, column of Parquet, feature of TFDS"
    )
    blank_lines_separate_documents: bool = text_hparam(
        True,
        "whether a blank line ends a document of plain text; else only a"
        " file's end",
    )
    skip_bad_documents: bool = text_hparam(
        False,
        "leave out and count documents that cannot be read, such as a line"
        " that is no JSON, instead of stopping",
    )
    max_unpacked_gb: float = text_hparam(
        1000,
        "gigabytes that one compressed file may unpack to",
        more_than=0,
        runtime=True,
    )
    tfds_name: str | None = text_hparam(
        None, "text of TensorFlow Datasets instead of files, such as wiki40b/en"
    )
    tfds_split: str = text_hparam("train", "its split")
    tfds_data_dir: str | None = text_hparam(
        None, "where TFDS keeps its files; null: its default", runtime=True
    )

    def check(self) -> None:
        """Raise UserError unless there is exactly one source."""
        super().check()
        if (self.corpus_dir is None) == (self.tfds_name is None):
            raise UserError(
                "Give either --corpus_dir or --tfds_name. Received:"
                f" corpus_dir={self.corpus_dir}, tfds_name={self.tfds_name}."
            )

    @property
    def source(self) -> str:
        """Name of the corpus, for messages."""
        return self.corpus_dir or f"tfds:{self.tfds_name}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordsConfig(CorpusConfig):
    """Settings of the records, and of the processes that make them."""

    vocab_file: str = hparam(help_text="vocabulary, one token a line")
    output_dir: str = hparam(
        help_text="folder for the records and their manifest.json; training"
        " looks for it at DATA_DIR/pretrain_tfrecords",
        runtime=True,
    )
    max_seq_length: int = hparam(
        128, "number of ids in each record", at_least=SHORTEST_TARGET
    )
    num_processes: int = hparam(
        1, "processes that work at the same time", at_least=1, runtime=True
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingDatasetConfig(TokenizerConfig, RecordsConfig):
    """Turns text into TFRecord files for pre-training.

    The text is UTF-8, one sentence or paragraph a line. The records are the
    same for any number of processes. A build that was finished with the same
    settings is not done again.
    """

    effects = effects.RECORDS

    num_out_files: int | None = hparam(
        None, "number of training files; null: by text_mb_per_file", at_least=1
    )
    text_mb_per_file: float = hparam(
        2.0,
        "where num_out_files is null, how many MB of text make a training"
        " file; there are 1000 files at most",
        more_than=0,
    )
    split_sentences: str | None = hparam(
        None,
        "cut lines into sentences, each of which then counts as a line: by"
        " Unicode's rules for all languages (root), or those of one, with its"
        " abbreviations (en-u-ss-standard); needs the package icu4py",
    )
    padded: bool = hparam(
        True,
        "pad records to max_seq_length, as the original does; without it files"
        " are smaller, and only this project's programs read them",
    )
    compression: str | None = hparam(
        None, "compression of the files", choices=(records.GZIP,)
    )
    drop_duplicate_documents: bool = hparam(
        False, "leave out documents that have come before, to the letter"
    )
    drop_duplicate_lines: bool = hparam(
        False,
        "leave out lines that have come before anywhere, such as the menus of"
        " web pages",
    )
    drop_near_duplicates: float | None = hparam(
        None,
        "leave out documents whose similarity to one before is estimated to"
        " be this or more, such as 0.8; needs the package datasketch",
        more_than=0,
        at_most=1,
    )
    seed: int = hparam(0, "seed of all random choices", at_least=0)
    held_out_share: float = hparam(
        0.0,
        "share of the documents that go to held-out files instead, each with"
        " this probability",
        at_least=0,
        less_than=1,
    )
