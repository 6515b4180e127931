"""The settings that say what text to read, shared by programs."""

import dataclasses

from electra_tf.configs import Config, hparam
from electra_tf.errors import UserError

FORMAT_NAMES = ("text", "jsonl", "parquet", "tar", "wikipedia")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CorpusConfig(Config):
    """What text to read."""

    corpus_dir: str | None = hparam(
        None,
        "folder with any sub-folders, a file, a pattern such as"
        " 'text/*.jsonl.gz', or - for standard input; gs:// works too",
        group="text",
        runtime=True,
    )
    corpus_format: str | None = hparam(
        None,
        "what the files are; null: what their names end in, such as .parquet"
        " or .jsonl.zst; other names are text",
        group="text",
        choices=FORMAT_NAMES,
    )
    text_field: str = hparam(
        "text",
        "field of JSON lines, column of Parquet, feature of TFDS",
        group="text",
    )
    blank_lines_separate_documents: bool = hparam(
        True,
        "whether a blank line ends a document of plain text; else only a"
        " file's end",
        group="text",
    )
    skip_bad_documents: bool = hparam(
        False,
        "leave out and count documents that cannot be read, such as a line"
        " that is no JSON, instead of stopping",
        group="text",
    )
    tfds_name: str | None = hparam(
        None,
        "text of TensorFlow Datasets instead of files, such as wiki40b/en",
        group="text",
    )
    tfds_split: str = hparam("train", "its split", group="text")
    tfds_data_dir: str | None = hparam(
        None,
        "where TFDS keeps its files; null: its default",
        group="text",
        runtime=True,
    )

    def check(self) -> None:
        """Raise a ValueError unless there is exactly one source."""
        if (self.corpus_dir is None) == (self.tfds_name is None):
            raise UserError(
                "Give either --corpus_dir or --tfds_name. Received:"
                f" corpus_dir={self.corpus_dir}, tfds_name={self.tfds_name}."
            )

    @property
    def source(self) -> str:
        """What to call the corpus in messages."""
        return self.corpus_dir or f"tfds:{self.tfds_name}"
