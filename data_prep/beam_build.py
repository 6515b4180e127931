"""Turns text into records for pre-training, on many machines by Apache Beam.

    python -m data_prep.beam_build --corpus_dir=gs://bucket/text \\
        --vocab_file=vocab.txt --output_dir=gs://bucket/pretrain_tfrecords \\
        -- --runner=DataflowRunner --setup_file=./setup.py ...

What stands after `--` is for Beam. The other flags, and the records, are
those of `data_prep.build_pretraining_dataset`, byte for byte.
"""

import functools
import sys
import time
from collections.abc import Sequence

from data_prep import (
    build_pretraining_dataset,
    command_line,
    corpus,
    planning,
    reporting,
)
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.sources import standard_input
from electra_tf.errors import UserError

FOR_BEAM = "--"


def main(beam_flags: Sequence[str], config: PretrainingDatasetConfig) -> None:
    """Build the records, or what is missing of them.

    Args:
        beam_flags: Pipeline options of Beam.
        config: Settings of the build. Beam says how many processes work.

    Raises:
        FileNotFoundError: No corpus or no vocabulary.
        ValueError: The output folder is in use for something else, or the
            corpus gives no example.
        RuntimeError: The pipeline failed, or Beam is not installed.
    """
    if config.corpus_dir == standard_input.NAME:
        raise UserError(
            "--corpus_dir=- cannot be read by other machines. Give a folder"
            " that all of them read."
        )
    files = corpus.list_files(config)
    settings = planning.settings_of(config, files)
    beam_folder, beam_pipeline = _import_beam()
    folder = beam_folder.BeamFolder(config.output_dir)
    if folder.is_complete(settings):
        return
    folder.begin(planning.begun_with(settings, files))
    all_jobs = planning.jobs_of(config, files, settings, "")
    finished = folder.finished(len(all_jobs))
    print(f"{len(finished)} of {len(all_jobs)} jobs are finished.", flush=True)
    began = time.monotonic()
    if len(finished) < len(all_jobs):
        beam_pipeline.run(config, all_jobs, set(finished), folder, beam_flags)
        finished = folder.finished(len(all_jobs))
    results = _in_order(finished, len(all_jobs))
    built = reporting.manifest_of(config, files, settings, results)
    try:
        reporting.check_not_empty(config, built)
    except ValueError:
        folder.discard()
        raise
    folder.publish(built, folder.token_counts(len(all_jobs)))
    seconds = f"{time.monotonic() - began:.1f} s"
    reporting.report(config, built, results, seconds)


def _import_beam():
    try:
        from data_prep import beam_folder, beam_pipeline
    except ImportError as error:
        if error.name != "apache_beam":
            raise
        raise RuntimeError(
            "data_prep.beam_build needs Apache Beam, which is not installed:"
            " pip install 'electra_tf[beam]'. On one machine"
            " data_prep.build_pretraining_dataset makes the same records"
            " without it."
        ) from None
    return beam_folder, beam_pipeline


def _in_order(finished: dict, num_jobs: int) -> list:
    missing = set(range(num_jobs)) - set(finished)
    if missing:
        raise RuntimeError(
            f"{len(missing)} of {num_jobs} jobs are not finished, job"
            f" {min(missing)} first. The same command goes on."
        )
    return [finished[number] for number in range(num_jobs)]


def split_flags(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the program's arguments and Beam's.

    >>> split_flags(["beam_build", "--seed=1", "--", "--runner=FlinkRunner"])
    (['beam_build', '--seed=1'], ['--runner=FlinkRunner'])
    """
    argv = list(argv)
    if FOR_BEAM not in argv:
        return argv, []
    place = argv.index(FOR_BEAM)
    return argv[:place], argv[place + 1 :]


if __name__ == "__main__":
    ours, beams = split_flags(sys.argv)
    command_line.run(
        functools.partial(main, beams),
        PretrainingDatasetConfig,
        ours,
        build_pretraining_dataset.FLAGS_OF_THE_ORIGINAL,
    )
