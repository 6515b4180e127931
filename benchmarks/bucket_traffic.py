"""Requests and bytes of pre-training in buckets, counted before emulators.

    python -m benchmarks.bucket_traffic

Runs of a tiny network that differ in updates or checkpoints alone; what they
differ in is the traffic of one checkpoint, and of 1,000 updates. Needs the
packages of `pip install -e '.[test]'`.
"""

import collections
import os
import pathlib
import subprocess
import sys
import tempfile

from electra_tf import command_line
from electra_tf.io import files, listing
from tests import emulators, small_run
from tests.faults.faulty_store import FaultyStore

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
# Updates of a run, and between its checkpoints.
RUNS = {"short": (1000, 1000), "dense": (1000, 100), "long": (3000, 1000)}
# A checkpoint is saved after a line of metrics.
SETTINGS = {"iterations_per_loop": 100}


def main() -> None:
    """Print a table: a row for each store and part of a run."""
    parser = command_line.parser(
        "benchmarks.bucket_traffic", "Traffic of pre-training in buckets."
    )
    parser.parse_args()
    print(f"| store | of | requests | bytes | {' | '.join(METHODS)} |")
    print("|---|---|---|---|" + "---|" * len(METHODS))
    with tempfile.TemporaryDirectory() as folder:
        local = pathlib.Path(folder)
        small_run.prepare(local)
        for scheme in ("s3", "gs"):
            found = {name: traffic(scheme, local, *RUNS[name]) for name in RUNS}
            checkpoints = RUNS["dense"][0] // RUNS["dense"][1] - 1
            thousands = (RUNS["long"][0] - RUNS["short"][0]) // 1000
            parts = {
                "a run of 1,000 updates and a checkpoint": found["short"],
                "each checkpoint more": _share(
                    found["dense"], found["short"], checkpoints
                ),
                "each 1,000 updates and checkpoint more": _share(
                    found["long"], found["short"], thousands
                ),
            }
            for name, counts in parts.items():
                _print_row(scheme, name, counts)


def traffic(scheme: str, local: pathlib.Path, updates: int, every: int):
    """Return the requests and bytes of a run in a new bucket, by method."""
    bucket = emulators.bucket(scheme)
    for path, _ in listing.find(str(local))[1]:
        files.write(path.replace(str(local), bucket), files.read(path))
    variable = emulators.VARIABLES[scheme]
    store = FaultyStore(os.environ[variable], seed=0, shares={})
    settings = {"num_train_steps": updates, "save_checkpoints_steps": every}
    command = small_run.command_line(
        *(local, "m", f"--data-dir={bucket}"), **SETTINGS, **settings
    )
    subprocess.run(
        [sys.executable, *command],
        cwd=small_run.ROOT,
        env={**os.environ, variable: store.address},
        stderr=subprocess.DEVNULL,
        check=True,
    )
    sizes = listing.find(f"{bucket}/models/m/model.ckpt-{updates}.*")[1]
    total = sum(size for _, size in sizes)
    print(f"a checkpoint has {total:,} bytes", file=sys.stderr)
    return store.traffic


def _share(more: collections.Counter, less: collections.Counter, number: int):
    return {name: (more[name] - less[name]) / number for name in more}


def _print_row(scheme: str, of: str, counts) -> None:
    numbers = [counts.get(method, 0) for method in METHODS]
    size = sum(v for name, v in counts.items() if name.endswith("bytes"))
    cells = [scheme, of, f"{sum(numbers):.1f}", f"{size:,.0f}"]
    cells += [f"{number:.1f}" for number in numbers]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
