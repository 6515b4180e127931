"""How fast a build of pre-training records is, beside plain ways to do it.

    python -m benchmarks.data_build --corpus_dir=books --corpus_dir=chinese \\
        --vocab_file=vocab.txt

All ways take the same text with the same number of processes and one thread
each, and begin in fresh processes that remember nothing; a round runs every
way once. It is timed from when the imports are done, so that importing
TensorFlow does not count for the others, which are in `plain_build`. With
several processes ours starts them in that time. The column "with start" has
the processor time of whole processes, imports included.
"""

import argparse
import contextlib
import io
import itertools
import multiprocessing
import os
import pathlib
import platform
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from data_prep import corpus
from data_prep.dataset_config import CorpusConfig
from data_prep.sources import formats
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading
from electra_tf import command_line

OURS = "data_prep"
PEERS = (
    "plain Python",
    "tokenizers, line by line",
    "tokenizers, encode_batch_fast",
)
# Files that the text is cut into, so that processes get equal shares.
NUM_FILES = 16
BYTES_PER_MB = 1_000_000


class Measured(NamedTuple):
    """The costs of one run in all its processes, and its result."""

    seconds: float
    cpu_seconds: float
    start_cpu_seconds: float
    examples: int

    @property
    def cpu_with_start(self) -> float:
        """Processor time of whole processes."""
        return self.cpu_seconds + self.start_cpu_seconds


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.data_build", __doc__)
    add = parser.add_argument
    add("--corpus_dir", action="append", required=True, help="may be repeated")
    add("--vocab_file", required=True, help="vocabulary of the tokenizers")
    add("--max_mb", type=float, default=20.0, help="text to take of a corpus")
    add("--max_seq_length", type=int, default=128, help="ids of a record")
    add("--num_processes", type=int, nargs="+", default=[1, os.cpu_count()])
    add("--rounds", type=int, default=3, help="runs of each way")
    add("--seed", type=int, default=0, help="of the first round; then upwards")
    return parser.parse_args()


def main() -> None:
    """Measure, and print a table for each corpus."""
    options = arguments()
    print(f"{machine()}, Python {platform.python_version()}")
    for corpus_dir in options.corpus_dir:
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder, "text")
            size = take_text(corpus_dir, text, options.max_mb * BYTES_PER_MB)
            for num_processes in options.num_processes:
                print(
                    f"\n{pathlib.Path(corpus_dir).name}:"
                    f" {size / BYTES_PER_MB:.1f} MB, {num_processes} processes,"
                    f" {options.rounds} rounds\n"
                )
                rounds = measure(options, text, num_processes)
                print_table(rounds, size / BYTES_PER_MB)


def machine() -> str:
    """Name the processor and count the cores."""
    with contextlib.suppress(OSError, StopIteration):
        lines = pathlib.Path("/proc/cpuinfo").read_text().split("\n")
        name = next(line for line in lines if line.startswith("model name"))
        return f"{os.cpu_count()} cores, {name.split(':')[1].strip()}"
    return f"{os.cpu_count()} cores, {platform.machine()}"


def sample_documents(corpus_dir: str, size: float) -> Iterator[Iterable[str]]:
    """Yield documents of about `size` bytes from all over a corpus."""
    config = CorpusConfig(corpus_dir=corpus_dir)
    files = corpus.list_files(config)
    reading = Reading(config, DataIssues())
    for unit in corpus.sample(files, size, config, seed=0):
        yield from formats.documents(unit, reading)


def take_text(corpus_dir: str, folder: pathlib.Path, size: float) -> int:
    """Write some of a corpus to `NUM_FILES` files; return the bytes."""
    folder.mkdir()
    paths = [folder / f"{number}.txt" for number in range(NUM_FILES)]
    documents = sample_documents(corpus_dir, size)
    for document, path in zip(documents, itertools.cycle(paths), strict=False):
        with path.open("a", encoding="utf-8") as target:
            target.writelines(f"{line}\n" for line in (*document, ""))
    return sum(path.stat().st_size for path in paths if path.exists())


def measure(options, text: pathlib.Path, num_processes: int) -> list[dict]:
    """Return what every way took, a dict a round."""
    rounds = []
    for number in range(options.rounds):
        seed = options.seed + number
        results = {OURS: time_ours(options, text, num_processes, seed)}
        for way in PEERS:
            results[way] = time_peer(way, options, text, num_processes, seed)
        rounds.append(results)
    return rounds


def time_ours(options, text, num_processes, seed) -> Measured:
    """Run our build, which starts its processes itself."""
    with empty_folder(text.parent / "ours") as folder:
        settings = {
            "corpus_dir": str(text),
            "vocab_file": options.vocab_file,
            "output_dir": str(folder / "records"),
            "max_seq_length": options.max_seq_length,
            "num_processes": num_processes,
            "seed": seed,
        }
        return time_workers([(work_ours, settings)])


def time_peer(way, options, text, num_processes, seed) -> Measured:
    """Run a plain build."""
    files = sorted(map(str, text.iterdir()))
    with empty_folder(text.parent / "peer") as folder:
        return time_workers(
            [
                (
                    work,
                    way,
                    files[number::num_processes],
                    str(folder / f"{number}.tfrecord"),
                    options.vocab_file,
                    options.max_seq_length,
                    seed,
                )
                for number in range(num_processes)
            ]
        )


def time_workers(tasks: Sequence[tuple]) -> Measured:
    """Run functions with their arguments, each in a process of its own."""
    # Set for the processes started below, which have one thread each.
    os.environ.update(RAYON_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
    context = multiprocessing.get_context("spawn")
    workers = [Worker(context, *task) for task in tasks]
    start_cpu = sum(worker.ready() for worker in workers)
    began = time.perf_counter()
    for worker in workers:
        worker.go()
    results = [worker.result() for worker in workers]
    seconds = time.perf_counter() - began
    cpu, examples = map(sum, zip(*results, strict=True))
    return Measured(seconds, cpu - start_cpu, start_cpu, examples)


class Worker:
    """A process that makes ready, waits for a word, works and reports."""

    def __init__(self, context, function, *arguments):
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=function, args=(theirs, *arguments)
        )
        self._process.start()
        theirs.close()

    def ready(self) -> float:
        """Wait until it is; return its processor seconds so far."""
        return self._pipe.recv()

    def go(self) -> None:
        """Let it work."""
        self._pipe.send(None)

    def result(self) -> tuple[float, int]:
        """Wait for it; return its processor seconds and the examples."""
        result = self._pipe.recv()
        self._process.join()
        return result


def work_ours(pipe, settings: dict) -> None:
    """Build with `data_prep`; what a `Worker` runs."""
    from data_prep import build_pretraining_dataset
    from data_prep.dataset_config import PretrainingDatasetConfig

    pipe.send(cpu_seconds())
    pipe.recv()
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        build_pretraining_dataset.main(PretrainingDatasetConfig(**settings))
    pipe.send((cpu_seconds(), int(shown.getvalue().split()[0])))


def work(pipe, way, files, output_file, vocab_file, length, seed) -> None:
    """Build with one of the peers; what a `Worker` runs."""
    from benchmarks import plain_build

    encode = plain_build.TOKENIZERS[way](vocab_file)
    pipe.send(cpu_seconds())
    pipe.recv()
    examples = plain_build.build(
        files, output_file, vocab_file, encode, length, seed
    )
    pipe.send((cpu_seconds(), examples))


def cpu_seconds() -> float:
    """Return the processor time of this process and its finished children."""
    usages = map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@contextlib.contextmanager
def empty_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Make a folder; remove it with its content afterwards."""
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def print_table(rounds: Sequence[dict], size: float) -> None:
    """Print speeds, examples and how many times as fast ours is."""
    print(
        "| build | MB per CPU second | times ours, in CPU time | with start"
        " | in time | examples |"
    )
    print("|---|---|---|---|---|---|")
    for way in rounds[0]:
        ours = [results[OURS] for results in rounds]
        theirs = [results[way] for results in rounds]
        pairs = list(zip(theirs, ours, strict=True))
        columns = (
            way,
            median_and_range([size / run.cpu_seconds for run in theirs], 2),
            median_and_range([a.cpu_seconds / b.cpu_seconds for a, b in pairs]),
            median_and_range(
                [a.cpu_with_start / b.cpu_with_start for a, b in pairs]
            ),
            median_and_range([a.seconds / b.seconds for a, b in pairs]),
            theirs[0].examples,
        )
        print(f"| {' | '.join(map(str, columns))} |")


def median_and_range(values: Sequence[float], digits: int = 1) -> str:
    """Write the median, and the smallest and largest value.

    >>> median_and_range([2.0, 1.0, 4.0])
    '2.0 (1.0 to 4.0)'
    """
    middle, low, high = (
        f"{function(values):.{digits}f}"
        for function in (statistics.median, min, max)
    )
    return f"{middle} ({low} to {high})"


if __name__ == "__main__":
    main()
