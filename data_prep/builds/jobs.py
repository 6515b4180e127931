"""One job of a dataset build: some units of text to its files of records."""

import collections
import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from data_prep import corpus
from data_prep.builds import job_results
from data_prep.builds.job_results import JobResult, TokenCounter
from data_prep.builds.workers import Progress
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.dedup import dedup_filter
from data_prep.examples import sentences, shards
from data_prep.examples.example_builder import ExampleBuilder, RandomInputs
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Unit
from electra_tf.text import id_strings, marks, unknown
from electra_tf.text.line_tokenizer import LineTokenizer
from electra_tf.text.marks import Marks
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.unknown import Counts

# That a job tells, so that the build can say why they are.
MOST_UNKNOWN_WORDS = 100


class Job(NamedTuple):
    """Some of the text, and where its files go."""

    number: int  # From 0.
    num_jobs: int  # Number of jobs of the build.
    # Number of training files of the build. Held-out files are one a job.
    num_files: int
    units: Sequence[Unit]  # The text.
    folder: str  # Where its files go.

    @property
    def bytes(self) -> int:
        """Size of its text."""
        return sum(unit.bytes for unit in self.units)


class _Output:
    """Takes documents; their examples are made, counted and written."""

    def __init__(self, config: PretrainingDatasetConfig, job: Job):
        tokenizer = tokenizer_of(config)
        cls, sep = map(id_strings.of, ([tokenizer.cls_id], [tokenizer.sep_id]))
        self._held_out_share = config.held_out_share
        self._tokenizer = tokenizer
        self._builder = ExampleBuilder(cls, sep, config.max_seq_length)
        self._lengths: dict[int, int] = collections.defaultdict(int)
        self.token_counter = TokenCounter(tokenizer.vocab_size)
        self._held_out_counter = TokenCounter(tokenizer.vocab_size)
        self._single_segments = self._without_tokens = 0
        self.training = _writer(config, job)
        self.held_out = _writer(config, job, held_out=True)

    def write_document(
        self, inputs: RandomInputs, document: Iterable[str]
    ) -> int:
        """Write a document's examples; return how many there are.

        It is given as the ids of its lines (`id_strings`).
        """
        writer, counter = self.training, self.token_counter
        if inputs.random() < self._held_out_share:
            writer, counter = self.held_out, self._held_out_counter
        self._builder.begin_document(inputs)
        number = 0
        for example in self._builder.examples_of(document):
            writer.write(example)
            ids, segment0_length = example
            counter.add(ids)
            self._lengths[len(ids)] += 1
            self._single_segments += len(ids) == segment0_length
            number += 1
        self._without_tokens += not number
        return number

    def unknown_so_far(self) -> Counts:
        """Return how many tokens are [UNK] of those that are counted."""
        counted = self.token_counter.counted + self._held_out_counter.counted
        return unknown.counts_by_id(counted, self._tokenizer)

    @property
    def lengths(self) -> dict[str, int]:
        """Number of examples by their number of ids."""
        return {str(n): self._lengths[n] for n in sorted(self._lengths)}

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of documents, tokens and examples, by name."""
        counters = (self.token_counter, self._held_out_counter)
        return {
            "documents_without_tokens": self._without_tokens,
            "tokens": self._builder.tokens,
            "tokens_cut_off": self._builder.tokens_cut_off,
            "unknown_tokens": sum(
                int(counter.counts[self._tokenizer.unk_id])
                for counter in counters
            ),
            "single_segment_examples": self._single_segments,
        }


def _writer(config, job: Job, held_out: bool = False) -> shards.ShardWriter:
    files = job.num_jobs if held_out else job.num_files
    names = shards.names_of_job(job.number, job.num_jobs, files, held_out)
    if held_out and not config.held_out_share:
        names = []
    return shards.ShardWriter(
        job.folder,
        names,
        config.max_seq_length,
        config.padded,
        config.compression,
    )


@functools.lru_cache(maxsize=1)
def _line_tokenizer(config: PretrainingDatasetConfig) -> LineTokenizer:
    """Return the build's tokenizer; one a process, it remembers words."""
    return LineTokenizer(Tokenizer.of(config.vocab_file, config))


def tokenizer_of(config: PretrainingDatasetConfig) -> Tokenizer:
    """Return the tokenizer of a build."""
    return _line_tokenizer(config).tokenizer


def run(
    config: PretrainingDatasetConfig, job: Job, progress: Progress
) -> JobResult:
    """Write the files of one job, and then that it is finished."""
    # What it tells of must not depend on the jobs that the process had before.
    _line_tokenizer(config).forget_unknown()
    output = _Output(config, job)
    new_examples, told = 0, Counts()

    def on_read(size: int) -> None:
        nonlocal new_examples, told
        now = output.unknown_so_far()
        progress.add(size, new_examples, now - told)
        new_examples, told = 0, now

    issues = DataIssues()
    kept = dedup_filter.filter_of(job)
    documents = corpus.documents_of(job.units, config, issues, on_read)
    removed = Marks()

    def encode(lines: Sequence[str]) -> list[str]:
        nonlocal removed
        removed += marks.count(lines, config)
        return _line_tokenizer(config).encode(lines)

    with output.training, output.held_out:
        for inputs, document in sentences.encode_documents(
            kept(documents), encode, config.seed
        ):
            new_examples += output.write_document(inputs, document)
    progress.add(0, new_examples)
    result = JobResult(
        output.training.shards(),
        output.held_out.shards(),
        {
            "documents": kept.documents.place,
            **dedup_filter.counts_of(job),
            **issues.counts,
            "characters": removed.characters,
            "removed_marks": removed.removed,
            "removed_characters": removed.dropped,
            **output.counts,
        },
        issues.empty_parts,
        output.lengths,
        issues.places,
        [*tokenizer_of(config).pieces.unknown_words][:MOST_UNKNOWN_WORDS],
    )
    counts = output.token_counter.counts
    job_results.save(result, counts, job.folder, job.number)
    return result
