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

import abc
import functools
import pathlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

from data_prep.beam.beam_folder import BeamFolder
from data_prep.builds import jobs
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.dedup import dedup_filter, duplicates, near_duplicates

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
    """Do the jobs that are not finished.

    Args:
        config: Settings of the build.
        all_jobs: All jobs; what one leaves out depends on the others.
        finished: Numbers of those that are finished.
        folder: Where the files go.
        flags: Pipeline options of Beam.

    Raises:
        RuntimeError: The pipeline failed.
    """
    vocabulary = pathlib.Path(config.vocab_file).read_bytes()
    with beam.Pipeline(options=PipelineOptions(list(flags))) as pipeline:
        numbered = [(job.number, job) for job in all_jobs]
        parts = {JOB: pipeline | "Jobs" >> beam.Create(numbered)}
        for kind in duplicates.wanted_by(config):
            parts[kind] = FINDERS[kind](
                kind, _grouped(parts, kind), config, vocabulary
            )
        (
            _grouped(parts, "records")
            | "Missing" >> beam.Filter(lambda part: part[0] not in finished)
            | "Build" >> beam.ParDo(_Build(config, vocabulary, folder))
        )


def _grouped(parts: dict, name: str):
    """Bring each job together with what is to be left out of it."""
    return parts | f"Jobs for {name}" >> beam.CoGroupByKey()


# ---- What workers do with a job ----------------------------------------------


class _JobStep(beam.DoFn, abc.ABC):
    """Does something with a job, in a folder of this machine.

    Args:
        config: Settings of the build.
        vocabulary: Content of the vocabulary file.
    """

    def __init__(self, config: PretrainingDatasetConfig, vocabulary: bytes):
        self._config = config
        self._vocabulary = vocabulary

    def setup(self):
        """Put the vocabulary where the tokenizer finds it."""
        self._home = tempfile.TemporaryDirectory(prefix="beam-build-")
        path = pathlib.Path(self._home.name, VOCABULARY)
        path.write_bytes(self._vocabulary)
        self._local = self._config.replace(vocab_file=str(path))

    def teardown(self):
        """Remove what was put there."""
        self._home.cleanup()

    def process(self, element):
        """Yield the results of a job.

        Args:
            element: Number of the job; the job and, by kind, the numbers of
                what is to be left out of it.
        """
        _, parts = element
        [job] = parts[JOB]
        with tempfile.TemporaryDirectory(dir=self._home.name) as folder:
            job = job._replace(folder=folder)
            for kind in set(parts) - {JOB}:
                for numbers in parts[kind]:
                    dedup_filter.save_numbers(job, kind, sorted(numbers))
            yield from self.results(job)

    @abc.abstractmethod
    def results(self, job: jobs.Job) -> Iterable:
        """Return what this step makes of a job."""


class _Counters:
    """Progress that Beam shows."""

    def __init__(self):
        self._bytes = Metrics.counter("electra_tf", "bytes_of_text")
        self._examples = Metrics.counter("electra_tf", "examples")

    def add(self, size: int, examples: int) -> None:
        """Count bytes read and examples made."""
        self._bytes.inc(size)
        self._examples.inc(examples)


class _Build(_JobStep):
    """Makes the records of a job."""

    def __init__(self, config, vocabulary: bytes, folder: BeamFolder):
        super().__init__(config, vocabulary)
        self._folder = folder

    def results(self, job: jobs.Job) -> Iterator[int]:
        """Make the records, copy them; yield the number of the job."""
        result = jobs.run(self._local, job, _Counters())
        self._folder.put(job.number, result, job.folder)
        yield job.number


# ---- Duplicates --------------------------------------------------------------


class _Hashes(_JobStep):
    """Yields hashes with the places where they are first in a job.

    What comes again in the job is yielded as AGAIN. So no hash has more
    places than there are jobs, however often a line comes.
    """

    def __init__(self, config, vocabulary: bytes, kind: str):
        super().__init__(config, vocabulary)
        self._kind = kind

    def results(self, job: jobs.Job) -> Iterator:
        """Yield (hash, place), and places of those that come again."""
        find = duplicates.FINGERPRINTS[self._kind]
        hashes = np.fromiter(find(self._local, job, _Counters()), np.uint64)
        is_first = np.zeros(hashes.size, bool)
        is_first[np.unique(hashes, return_index=True)[1]] = True
        for number, first in enumerate(is_first):
            place = (job.number, number)
            if first:
                yield hashes[number].tobytes(), place
            else:
                yield beam.pvalue.TaggedOutput(AGAIN, place)


def _find_equal(kind: str, grouped, config, vocabulary: bytes):
    """Return the numbers of what has come before, by job."""
    hashed = grouped | f"Hashes of {kind}" >> beam.ParDo(
        _Hashes(config, vocabulary, kind)
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


class _Bands(_JobStep):
    """Yields parts of signatures, with places and whole signatures."""

    def results(self, job: jobs.Job) -> Iterator:
        """Yield ((number of the part, part), (place, signature))."""
        parts = near_duplicates.bands(self._config.drop_near_duplicates)
        rows = duplicates.signatures(self._local, job, _Counters())
        for number, row in enumerate(rows):
            if row.any():
                for start, end in parts:
                    place = (job.number, number)
                    yield (start, row[start:end].tobytes()), (place, row)


def _find_near(kind: str, grouped, config, vocabulary: bytes):
    """Return the numbers of documents that are like one before, by job."""
    return (
        grouped
        | "Bands" >> beam.ParDo(_Bands(config, vocabulary))
        | "Equal bands" >> beam.GroupByKey()
        | "Alike"
        >> beam.FlatMap(functools.partial(_alike, config.drop_near_duplicates))
        | "Once" >> beam.Distinct()
        | f"{kind} by job" >> beam.GroupByKey()
    )


def _alike(threshold: float, group) -> Iterator[Place]:
    """Yield the places of those that are like one before."""
    members = sorted(group[1], key=lambda member: member[0])
    for number, (place, row) in enumerate(members):
        if any(
            near_duplicates.are_alike(row, before, threshold)
            for _, before in members[:number]
        ):
            yield place


FINDERS = {
    dedup_filter.DOCUMENTS: _find_equal,
    dedup_filter.NEAR: _find_near,
    dedup_filter.LINES: _find_equal,
}
