"""One job of a dataset build: some units of text to its files of records."""

import collections
import functools
import math
import random
from collections.abc import Sequence
from typing import NamedTuple

from data_prep import examples, job_results, removal, shards
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.documents import documents_of
from data_prep.job_results import JobResult
from data_prep.progress import Progress
from data_prep.sources.findings import Findings
from data_prep.sources.unit import Unit
from data_prep.token_counter import TokenCounter
from electra_tf.tokenization import Tokenizer


class Job(NamedTuple):
    """What one job works on.

    Attributes:
        number: From 0.
        num_jobs: Number of jobs of the build.
        num_files: Number of training files of the build. Held-out files are
            one a job.
        units: The text.
        folder: Where its files go.
    """

    number: int
    num_jobs: int
    num_files: int
    units: Sequence[Unit]
    folder: str

    @property
    def bytes(self) -> int:
        """How much text it has."""
        return sum(unit.bytes for unit in self.units)


class _Outlet:
    """Where documents go: a builder of examples and a writer."""

    def __init__(self, config, job: Job, held_out: bool):
        tokenizer = tokenizer_of(config)
        kind = "held-out" if held_out else "training"
        self._encode = tokenizer.encode
        self._unk_id = tokenizer.unk_id
        self._lengths: dict[int, int] = collections.defaultdict(int)
        self._single_segments = self._unknown = 0
        self.token_counts = TokenCounter(tokenizer.vocab_size)
        self._builder = examples.ExampleBuilder(
            tokenizer.cls_id,
            tokenizer.sep_id,
            config.max_seq_length,
            random.Random(f"{kind} {config.seed} {job.number}"),
        )
        files = job.num_jobs if held_out else job.num_files
        names = shards.names_of_job(job.number, job.num_jobs, files, held_out)
        if held_out and not config.held_out_share:
            names = []
        self.writer = shards.ShardWriter(
            job.folder,
            names,
            shards.serializer(config.max_seq_length, config.padded),
            shards.COMPRESSIONS[config.compression],
        )

    def write(self, document) -> int:
        """Write a document's examples; return how many there are."""
        number = 0
        for example in examples.examples_of_document(
            document, self._encode, self._builder
        ):
            self.writer.write(example)
            self._count(*example)
            number += 1
        return number

    def _count(self, input_ids, segment0_length) -> None:
        length = len(input_ids)
        self._lengths[length] += 1
        self.token_counts.add(input_ids)
        self._single_segments += length == segment0_length
        self._unknown += input_ids.count(self._unk_id)

    @property
    def lengths(self) -> dict[str, int]:
        """Number of examples by their number of ids."""
        return {str(n): self._lengths[n] for n in sorted(self._lengths)}

    @property
    def counts(self) -> dict[str, int]:
        """What there is to say of the examples, by name."""
        return {
            "tokens": self._builder.tokens,
            "tokens_cut_off": self._builder.tokens_cut_off,
            "unknown_tokens": self._unknown,
            "single_segment_examples": self._single_segments,
        }


class _EvenShare:
    """Says yes to an even share of the times it is asked."""

    def __init__(self, share: float, rng: random.Random):
        self._share = share
        self._position = rng.random()

    def __call__(self) -> bool:
        self._position, over = math.modf(self._position + self._share)
        return over > 0


@functools.lru_cache(maxsize=1)
def _tokenizer(vocab_file, do_lower_case, strip_accents) -> Tokenizer:
    return Tokenizer(vocab_file, do_lower_case, strip_accents)


def tokenizer_of(config: PretrainingDatasetConfig) -> Tokenizer:
    """Return the build's tokenizer; one a process, it remembers words."""
    return _tokenizer(
        config.vocab_file, config.do_lower_case, config.strip_accents
    )


def run(
    config: PretrainingDatasetConfig, job: Job, progress: Progress
) -> JobResult:
    """Write the files of one job, and then that it is finished."""
    training = _Outlet(config, job, held_out=False)
    held_out = _Outlet(config, job, held_out=True)
    is_held_out = _EvenShare(
        config.held_out_share,
        random.Random(f"documents {config.seed} {job.number}"),
    )
    without_tokens = new_examples = 0

    def on_read(size: int) -> None:
        nonlocal new_examples
        progress.add(size, new_examples)
        new_examples = 0

    findings = Findings()
    kept = removal.kept_of(job)
    with training.writer, held_out.writer:
        for document in kept(
            documents_of(job.units, config, findings, on_read)
        ):
            outlet = held_out if is_held_out() else training
            written = outlet.write(document)
            without_tokens += not written
            new_examples += written
    progress.add(0, new_examples)
    counts = {
        "documents": kept.documents.place,
        **removal.counts_of(job),
        "documents_without_tokens": without_tokens,
        **findings.counts,
    }
    outlets = (training, held_out)
    result = JobResult(
        training.writer.shards(),
        held_out.writer.shards(),
        job_results.total([counts, *(outlet.counts for outlet in outlets)]),
        job_results.total([outlet.lengths for outlet in outlets]),
        findings.places,
    )
    training.token_counts.save(job.folder, job.number)
    job_results.save(result, job.folder, job.number)
    return result
