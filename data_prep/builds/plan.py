"""The plan of a build: its settings, its jobs and, when done, its manifest.

All depends on the text and the flags alone, so that every builder has the
same plan.
"""

import collections
import dataclasses
import math
import os
from collections.abc import Iterable, Mapping, Sequence

import electra_tf
from data_prep import corpus
from data_prep.builds.job_results import JobResult
from data_prep.builds.jobs import Job, tokenizer_of
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.examples import sentences
from data_prep.sources import data_issues
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import SourceFile
from electra_tf.configs import to_json
from electra_tf.configs.tokenizer import named
from electra_tf.errors import UserError
from electra_tf.io import files as io_files
from electra_tf.io import manifest, records
from electra_tf.io.manifest import Manifest
from electra_tf.text import unknown, vocabulary
from electra_tf.text.marks import Marks
from electra_tf.text.unknown import Counts

# As in the original, a large corpus becomes 1000 files.
MOST_FILES = 1000
BYTES_PER_MB = 1_000_000
# Sentences lose about a tenth, long paragraphs half.
CUT_OFF_WORTH_A_WARNING = 0.2
# Tokens that a warning names.
MOST_NAMED = 5

# The records do not depend on these, or by other names that are settings.
NOT_SETTINGS = (
    "corpus_dir",
    "max_unpacked_gb",
    "tfds_data_dir",
    "output_dir",
    "num_processes",
    "vocab_file",
    "text_mb_per_file",
)


@dataclasses.dataclass(frozen=True)
class Plan:
    """A build to do; made by `plan_of`."""

    config: PretrainingDatasetConfig  # Its flags.
    files: Sequence[SourceFile]  # The text.
    settings: Mapping  # All that the records depend on, by name.
    states: Mapping[str, str]  # Those of the files when the build began.

    @property
    def begun_with(self) -> dict:
        """Settings and facts that stay until the build is finished."""
        return {
            **self.settings,
            "last_change_of_text": corpus.last_change(self.files),
            "program_version": electra_tf.__version__,
        }

    def jobs(self, folder: str) -> list[Job]:
        """Return the jobs, whose files go to a folder."""
        num_files = self.settings["num_out_files"]
        dealt = corpus.deal_out(
            self.files, num_files, self.config, self.config.seed
        )
        return [
            Job(number, len(dealt), num_files, units, folder)
            for number, units in enumerate(dealt)
        ]

    def manifest_of(self, results: Sequence[JobResult]) -> Manifest:
        """Return the manifest, from the results of all jobs."""
        tokenizer = tokenizer_of(self.config)
        shards = [shard for result in results for shard in result.training]
        lengths = _total(result.lengths for result in results)
        counts = _total(result.counts for result in results)
        return Manifest(
            max_seq_length=self.config.max_seq_length,
            vocab_size=tokenizer.vocab_size,
            vocab_sha256=tokenizer.vocab_sha256,
            **self.config.tokenizer_settings,
            vocab_file=_recorded(self.config),
            settings=self.settings,
            counts=counts | _issues_of(results).counts,
            training=tuple(
                sorted(shards, key=lambda shard: int(shard.name.split("-")[1]))
            ),
            held_out=tuple(s for result in results for s in result.held_out),
            program_version=electra_tf.__version__,
            sources={file.name: file.bytes for file in self.files},
            lengths={n: lengths[n] for n in sorted(lengths, key=int)},
        )

    def finish(self, folder, results: Sequence[JobResult]) -> Manifest:
        """Publish what the jobs have made.

        Args:
            folder: A `BuildFolder` or `BeamFolder`.
            results: Those of all jobs.

        Raises:
            UserError: They made no example, or the text has changed; nothing
                of the build is kept.
        """
        built = self.manifest_of(results)
        try:
            corpus.check_unchanged(self.files, self.states)
            _check_not_empty(self.config, built)
        except UserError:
            folder.discard()
            raise
        folder.publish(built, folder.token_counts(len(results)))
        return built


def plan_of(config: PretrainingDatasetConfig) -> Plan:
    """Return the plan of a build.

    Raises:
        FileNotFoundError: No text or no vocabulary.
        UserError: Sentences are wanted, but icu4py is missing, or the locale
            is none; or the output or the vocabulary lies within the text.
    """
    made = manifest.FILE_NAME, records.shard_name(0, 1)
    corpus.check_apart(config, "--output_dir", config.output_dir, *made)
    corpus.check_apart(config, "--vocab_file", config.vocab_file)
    files = corpus.list_files(config)
    if config.split_sentences is not None:
        sentences.check(config.split_sentences)
    tokenizer = tokenizer_of(config)
    total = sum(file.bytes for file in files)
    wanted = total / (config.text_mb_per_file * BYTES_PER_MB)
    num_files = config.num_out_files or max(
        1, math.ceil(min(MOST_FILES, wanted))
    )
    by_name = to_json(config)
    for name in NOT_SETTINGS:
        del by_name[name]
    settings = {
        **named(by_name),
        "num_out_files": num_files,
        "vocab_sha256": tokenizer.vocab_sha256,
        "corpus": f"{len(files)} files, {total} bytes,"
        f" {corpus.fingerprint(files)}",
    }
    return Plan(config, files, settings, corpus.states_of(files))


def _recorded(config: PretrainingDatasetConfig) -> str:
    """Return where the vocabulary is, for a manifest; "" if beside the folder.

    So the manifests of builds of the same layout are the same.
    """
    path, folder = config.vocab_file, config.output_dir.rstrip("/")
    if not io_files.is_remote(path):
        path = os.path.abspath(path)
    if not io_files.is_remote(folder):
        folder = os.path.abspath(config.output_dir)
    beside = os.path.join(os.path.dirname(folder), manifest.VOCABULARY)
    return "" if path == beside else path


def _check_not_empty(config, built: Manifest) -> None:
    if not built.training_examples:
        raise UserError(
            f"The text of {config.source} gives no training example:"
            f" {built.counts['documents']} documents,"
            f" {built.counts['documents_without_tokens']} of them without a"
            f" token, held_out_share={config.held_out_share}. Give more text."
        )
    if config.held_out_share and not built.held_out_examples:
        raise UserError(
            f"held_out_share={config.held_out_share} of"
            f" {built.counts['documents']} documents is none. Give a larger"
            " share or more documents."
        )


def _total(numbers: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up numbers by name, in the order in which the names first come.

    >>> _total([{"a": 1, "b": 0}, {"a": 2}])
    {'a': 3, 'b': 0}
    """
    added = collections.Counter()
    for some in numbers:
        added.update(some)
    return dict(added)


def _issues_of(results: Iterable[JobResult]) -> DataIssues:
    issues = DataIssues()
    for result in results:
        issues.include(result.counts, result.places, result.empty_parts)
    return issues


# ---- What to say of a build --------------------------------------------------


def report(
    config: PretrainingDatasetConfig,
    built: Manifest,
    results: Sequence[JobResult],
    summary: str,
) -> None:
    """Print what was built and what was wrong with the text."""
    print(
        f"{built.training_examples} training and {built.held_out_examples}"
        f" held-out examples in {config.output_dir};"
        f" {summary}"
    )
    _report_vocabulary(config.vocab_file)
    words = [word for result in results for word in result.unknown_words]
    for line in unknown.report(
        Counts(built.tokens_kept, built.counts["unknown_tokens"]),
        tokenizer_of(config),
        "in examples",
        words,
    ):
        print(line)
    names = "characters", "removed_marks", "removed_characters"
    removed = Marks(*(built.counts[name] for name in names))
    if advice := removed.advice():
        print(f"Warning: {advice}")
    places = _issues_of(results).places
    for warning in data_issues.warnings(built.counts, places):
        print(f"Warning: {warning}")
    if without := built.counts["documents_without_tokens"]:
        print(
            f"Warning: {without} of {built.counts['documents']} documents gave"
            " no example, for they have no token: all their characters are"
            " removed, or their lines are duplicates."
        )
    cut_off = built.counts["tokens_cut_off"] / built.counts["tokens"]
    if cut_off > CUT_OFF_WORTH_A_WARNING:
        print(
            f"Warning: {cut_off:.0%} of the tokens, most of them at the ends"
            " of long lines, did not fit into their examples. Cut the lines"
            " with --split_sentences=root, or raise --max_seq_length."
        )


def _report_vocabulary(vocab_file: str) -> None:
    content = vocabulary.read_file(vocab_file)
    twice = vocabulary.duplicates(content)
    if twice:
        first = ", ".join(map(repr, list(twice)[:MOST_NAMED]))
        print(
            f"Warning: {vocab_file} has {len(twice)} tokens on more than"
            f" one line: {first}. As in the original, only the last line of"
            " each counts; the other ids are never used."
        )
