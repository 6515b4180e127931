"""What a build is to do: its settings and its jobs.

Both depend on the text and the flags alone, so that every builder has the
same ones.
"""

import math
from collections.abc import Sequence

import electra_tf
from data_prep import corpus, jobs, sentence_ends
from data_prep.sources.unit import SourceFile
from electra_tf.configs import to_json

# As in the original, a large corpus becomes 1000 files.
MOST_FILES = 1000
BYTES_PER_MB = 1_000_000

# The records do not depend on these, or by other names that are settings.
NOT_SETTINGS = (
    "corpus_dir",
    "tfds_data_dir",
    "output_dir",
    "num_processes",
    "vocab_file",
    "text_mb_per_file",
)


def settings_of(config, files: Sequence[SourceFile]) -> dict:
    """Return all that the records depend on, by name.

    Raises:
        ValueError: Sentences are wanted, and icu4py is missing.
    """
    if config.split_sentences is not None:
        sentence_ends.check_installed()
    tokenizer = jobs.tokenizer_of(config)
    total = sum(file.bytes for file in files)
    by_name = to_json(config)
    for name in NOT_SETTINGS:
        del by_name[name]
    return {
        **by_name,
        "num_out_files": config.num_out_files or _num_files(config, total),
        "strip_accents": tokenizer.strip_accents,
        "vocab_sha256": tokenizer.vocab_sha256,
        "corpus": f"{len(files)} files, {total} bytes,"
        f" {corpus.fingerprint(files)}",
    }


def _num_files(config, total_bytes: int) -> int:
    wanted = math.ceil(total_bytes / (config.text_mb_per_file * BYTES_PER_MB))
    return max(1, min(MOST_FILES, wanted))


def begun_with(settings: dict, files: Sequence[SourceFile]) -> dict:
    """Return what may not change until a build is finished, either."""
    return {
        **settings,
        "last_change_of_text": corpus.last_change(files),
        "program_version": electra_tf.__version__,
    }


def jobs_of(config, files, settings, workshop: str) -> list[jobs.Job]:
    """Return the jobs of a build, whose files go to the folder `workshop`."""
    num_files = settings["num_out_files"]
    dealt = corpus.deal_out(files, num_files, config, config.seed)
    return [
        jobs.Job(number, len(dealt), num_files, units, workshop)
        for number, units in enumerate(dealt)
    ]
