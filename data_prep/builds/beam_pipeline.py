"""The build as a pipeline of Apache Beam.

Its elements are jobs, the same as on one machine. A worker reads the text of
a job, makes its files in a folder of its own and copies them to the output.
Duplicates are found by grouping hashes, and signatures of near duplicates:

    jobs ─► hashes of documents ─► later ones, by job ─┐
      ├────────────────────────────────────────────────┴► the same for lines
      └─► with all that is to be left out ─► records

So text is read once more for each kind of duplicates, as on one machine, but
only hashes travel.
"""

import functools
import pathlib
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

from data_prep.builds import jobs
from data_prep.builds.beam_folder import BeamFolder
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.dedup import dedup_filter, duplicates, near_duplicates
from data_prep.dedup.dedup_filter import NEAR
from electra_tf.text import vocabulary
from electra_tf.text.unknown import NO_TOKENS, Counts

JOB = "job"
FIRST, AGAIN = "first", "again"
VOCABULARY = "vocab.txt"

# The number of a job, and of a document or line in it: the order in which the
# first one stays.
Place = tuple[int, int]


def run(
    config: PretrainingDatasetConfig,
    all_jobs: Sequence[jobs.Job],
    finished: Collection[int],
    folder: BeamFolder,
    flags: Sequence[str],
) -> None:
    """Do the unfinished jobs; what one leaves out depends on all of them."""
    content = vocabulary.read_file(config.vocab_file)

    def do(work: Work):
        return beam.ParDo(_JobStep(work, config, content))

    with beam.Pipeline(options=PipelineOptions(list(flags))) as pipeline:
        numbered = [(job.number, job) for job in all_jobs]
        parts = {JOB: pipeline | "Jobs" >> beam.Create(numbered)}
        for kind in duplicates.wanted_by(config):
            grouped = _grouped(parts, kind)
            if kind == NEAR:
                threshold = config.drop_near_duplicates
                parts[kind] = _find_near(grouped, threshold, do)
            else:
                parts[kind] = _find_equal(kind, grouped, do)
        (
            _grouped(parts, "records")
            | "Missing" >> beam.Filter(lambda part: part[0] not in finished)
            | "Build" >> do(functools.partial(_build, folder))
        )


def _grouped(parts: dict, name: str):
    """Bring each job together with what is to be left out of it."""
    return parts | f"Jobs for {name}" >> beam.CoGroupByKey()


# From the config and a job to what a step makes of it.
Work = Callable[[PretrainingDatasetConfig, jobs.Job], Iterable]


class _JobStep(beam.DoFn):
    """Does some work on a job, in a folder of this machine."""

    def __init__(
        self, work: Work, config: PretrainingDatasetConfig, vocab: bytes
    ):
        self._work = work
        self._config = config
        self._vocab = vocab

    def setup(self):
        """Put the vocabulary where the tokenizer finds it."""
        self._home = tempfile.TemporaryDirectory(prefix="beam-build-")
        path = pathlib.Path(self._home.name, VOCABULARY)
        path.write_bytes(self._vocab)
        self._local = self._config.replace(vocab_file=str(path))

    def teardown(self):
        """Remove what was put there."""
        self._home.cleanup()

    def process(self, element):
        """Yield a job's results; the element says what is to be left out."""
        _, parts = element
        [job] = parts[JOB]
        with tempfile.TemporaryDirectory(dir=self._home.name) as folder:
            job = job._replace(folder=folder)
            for kind in set(parts) - {JOB}:
                for numbers in parts[kind]:
                    dedup_filter.save_numbers(job, kind, sorted(numbers))
            yield from self._work(self._local, job)


class _Counters:
    """Progress that Beam shows."""

    def __init__(self):
        names = ("bytes_of_text", "examples", "tokens", "unknown_tokens")
        self._counters = [Metrics.counter("electra_tf", n) for n in names]

    def add(
        self, size: int, examples: int, unknown: Counts = NO_TOKENS
    ) -> None:
        """Count bytes read and what was made."""
        for counter, number in zip(
            self._counters, (size, examples, *unknown), strict=True
        ):
            counter.inc(number)


def _build(folder: BeamFolder, config, job: jobs.Job) -> Iterator[int]:
    """Make the records of a job, copy them; yield its number."""
    result = jobs.run(config, job, _Counters())
    folder.put(job.number, result, job.folder)
    yield job.number


def _find_equal(kind: str, grouped, do):
    """Return the numbers of what has come before, by job."""
    hashed = grouped | f"Hashes of {kind}" >> do(
        functools.partial(_hashes, kind)
    ).with_outputs(AGAIN, main=FIRST)
    later = (
        hashed[FIRST]
        | f"Equal {kind}" >> beam.GroupByKey()
        | f"Later {kind}" >> beam.FlatMap(lambda equal: sorted(equal[1])[1:])
    )
    return (
        (later, hashed[AGAIN])
        | f"All later {kind}" >> beam.Flatten()
        | f"{kind} by job" >> beam.GroupByKey()
    )


def _hashes(kind: str, config, job: jobs.Job) -> Iterator:
    """Yield hashes with the places where they are first in a job."""
    # The places of what comes again in the job are yielded as AGAIN. So no hash
    # has more places than there are jobs, however often a line comes.
    find = duplicates.FINGERPRINTS[kind]
    hashes = np.fromiter(find(config, job, _Counters()), np.uint64)
    is_first = np.zeros(hashes.size, bool)
    is_first[np.unique(hashes, return_index=True)[1]] = True
    for number, first in enumerate(is_first):
        place = (job.number, number)
        if first:
            yield hashes[number].tobytes(), place
        else:
            yield beam.pvalue.TaggedOutput(AGAIN, place)


def _find_near(grouped, threshold: float, do):
    """Return the numbers of documents that are like one before, by job."""
    return (
        grouped
        | "Bands" >> do(_bands)
        | "Equal bands" >> beam.GroupByKey()
        | "Alike" >> beam.FlatMap(functools.partial(_alike, threshold))
        | "Once" >> beam.Distinct()
        | "near by job" >> beam.GroupByKey()
    )


def _bands(config, job: jobs.Job) -> Iterator:
    """Yield ((number of a signature's part, part), (place, signature))."""
    parts = near_duplicates.bands(config.drop_near_duplicates)
    rows = duplicates.signatures(config, job, _Counters())
    for number, row in enumerate(rows):
        if row.any():
            for start, end in parts:
                place = (job.number, number)
                yield (start, row[start:end].tobytes()), (place, row)


def _alike(threshold: float, group) -> Iterator[Place]:
    """Yield the places of those that are like one before."""
    members = sorted(group[1], key=lambda member: member[0])
    for number, (place, row) in enumerate(members):
        if any(
            near_duplicates.are_alike(row, before, threshold)
            for _, before in members[:number]
        ):
            yield place
