"""The plan of a build: its settings, its jobs and, when done, its manifest.

All depends on the text and the flags alone, so that every builder has the
same plan.
"""

import collections
import dataclasses
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import electra_tf
from data_prep import corpus
from data_prep.builds import text_changes
from data_prep.builds.job_results import JobResult
from data_prep.builds.jobs import Job, tokenizer_of
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.examples import sentences
from data_prep.sources import data_issues
from data_prep.sources.unit import SourceFile
from electra_tf.configs import to_json
from electra_tf.errors import UserError
from electra_tf.io.manifest import Manifest
from electra_tf.text import vocabulary
from electra_tf.text.tokenization import MAX_CHARACTERS_PER_WORD

# As in the original, a large corpus becomes 1000 files.
MOST_FILES = 1000
BYTES_PER_MB = 1_000_000
# Sentences lose about a tenth, long paragraphs half.
CUT_OFF_WORTH_A_WARNING = 0.2
UNKNOWN_WORTH_A_WARNING = 0.01
# The share of tokens from which on a vocabulary is of another kind of text.
OFTEN = 0.05
# Tokens that a warning names.
MOST_NAMED = 5

# The records do not depend on these, or by other names that are settings.
NOT_SETTINGS = (
    "corpus_dir",
    "tfds_data_dir",
    "output_dir",
    "num_processes",
    "vocab_file",
    "text_mb_per_file",
)


@dataclasses.dataclass(frozen=True)
class Plan:
    """A build to do; made by `plan_of`.

    Attributes:
        config: Its flags.
        files: The text.
        settings: All that the records depend on, by name.
        states: Those of the files when the build began.
    """

    config: PretrainingDatasetConfig
    files: Sequence[SourceFile]
    settings: Mapping
    states: Mapping[str, str]

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
        return Manifest(
            max_seq_length=self.config.max_seq_length,
            vocab_size=tokenizer.vocab_size,
            vocab_sha256=tokenizer.vocab_sha256,
            do_lower_case=tokenizer.do_lower_case,
            strip_accents=tokenizer.strip_accents,
            settings=self.settings,
            counts=_total(result.counts for result in results),
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
            text_changes.check(self.files, self.states)
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
            is none.
    """
    files = corpus.list_files(config)
    if config.split_sentences is not None:
        sentences.check(config.split_sentences)
    tokenizer = tokenizer_of(config)
    total = sum(file.bytes for file in files)
    wanted = math.ceil(total / (config.text_mb_per_file * BYTES_PER_MB))
    num_files = config.num_out_files or max(1, min(MOST_FILES, wanted))
    by_name = to_json(config)
    for name in NOT_SETTINGS:
        del by_name[name]
    settings = {
        **by_name,
        "num_out_files": num_files,
        "strip_accents": tokenizer.strip_accents,
        "vocab_sha256": tokenizer.vocab_sha256,
        "corpus": f"{len(files)} files, {total} bytes,"
        f" {corpus.fingerprint(files)}",
    }
    return Plan(config, files, settings, text_changes.states_of(files))


def _check_not_empty(config, built: Manifest) -> None:
    if not built.training_examples:
        raise UserError(
            f"The text of {config.source} gives no training example:"
            f" {built.counts['documents']} documents,"
            f" held_out_share={config.held_out_share}. Give more text."
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
    _report_unknown(config, built)
    places: dict[str, list[str]] = collections.defaultdict(list)
    for result in results:
        for kind, some in result.places.items():
            places[kind] += some
    for warning in data_issues.warnings(built.counts, places):
        print(f"Warning: {warning}")
    cut_off = built.counts["tokens_cut_off"] / built.counts["tokens"]
    if cut_off > CUT_OFF_WORTH_A_WARNING:
        print(
            f"Warning: {cut_off:.0%} of the tokens, most of them at the ends"
            " of long lines, did not fit into their examples. Cut the lines"
            " with --split_sentences=root, or raise --max_seq_length."
        )


def _report_unknown(config: PretrainingDatasetConfig, built: Manifest) -> None:
    """Print the share of [UNK]; from 1 % on, why and what to do."""
    unknown = built.counts["unknown_tokens"]
    share = unknown / max(built.tokens_kept, 1)
    print(f"{unknown} tokens are [UNK], {share:.2%} of those in examples")
    if share >= UNKNOWN_WORTH_A_WARNING:
        print(
            f"Warning: {share:.0%} of the tokens are [UNK], which says nothing"
            f" of the text. {reason_for_unknown(config)}"
        )


def reason_for_unknown(config: PretrainingDatasetConfig) -> str:
    """Say why tokens may be unknown, by the vocabulary, and what to do."""
    content = vocabulary.read_file(config.vocab_file)
    tokens = vocabulary.load_vocabulary(content).keys()
    tokens -= {*vocabulary.SPECIAL_TOKENS}
    capitals = [token for token in tokens if token != token.lower()]
    accented = [token for token in tokens if _has_accents(token)]
    if config.do_lower_case and len(capitals) > OFTEN * len(tokens):
        return (
            f"{len(capitals)} of {len(tokens)} tokens of the vocabulary have"
            f" capitals, such as {min(capitals)!r}, and the text is"
            " lower-cased. Build with --nodo_lower_case."
        )
    if not (config.do_lower_case or capitals):
        return (
            "No token of the vocabulary has a capital, and the text is not"
            " lower-cased. Build with --do_lower_case."
        )
    strips = config.do_lower_case and config.strip_accents
    if strips and len(accented) > OFTEN * len(tokens):
        return (
            f"{len(accented)} of {len(tokens)} tokens of the vocabulary have"
            f" accents, such as {min(accented)!r}, and they are removed from"
            " the text. Build with --nostrip_accents."
        )
    return (
        "The vocabulary lacks characters of the text, or the text has words"
        f" of more than {MAX_CHARACTERS_PER_WORD} characters: learn a"
        " vocabulary from this text with python -m data_prep.build_vocab, or"
        " put blanks into such words."
    )


def _has_accents(token: str) -> bool:
    decomposed = unicodedata.normalize("NFD", token)
    return any(unicodedata.category(c) == "Mn" for c in decomposed)


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
