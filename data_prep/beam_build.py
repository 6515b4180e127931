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

from data_prep import build_pretraining_dataset, command_line, corpus
from data_prep.builds import plan
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.errors import UserError

FOR_BEAM = "--"


def main(beam_flags: Sequence[str], config: PretrainingDatasetConfig) -> None:
    """Build the records, or what is missing of them; Beam's flags say where."""
    if config.corpus_dir == corpus.STANDARD_INPUT:
        raise UserError(
            "--corpus_dir=- cannot be read by other machines. Give a folder"
            " that all of them read."
        )
    planned = plan.plan_of(config)
    folder_class, beam_pipeline = _import_beam()
    folder = folder_class(config.output_dir)
    if folder.is_complete(planned.settings):
        return
    folder.begin(planned.begun_with)
    jobs = planned.jobs("")
    finished = folder.finished(len(jobs))
    print(f"{len(finished)} of {len(jobs)} jobs are finished.", flush=True)
    began = time.monotonic()
    if len(finished) < len(jobs):
        beam_pipeline.run(config, jobs, set(finished), folder, beam_flags)
        finished = folder.finished(len(jobs))
    missing = set(range(len(jobs))) - set(finished)
    if missing:
        raise UserError(
            f"{len(missing)} of {len(jobs)} jobs are not finished, job"
            f" {min(missing)} first. The same command goes on."
        )
    results = [finished[number] for number in range(len(jobs))]
    built = planned.finish(folder, results)
    seconds = f"{time.monotonic() - began:.1f} s"
    plan.report(config, built, results, seconds)


def _import_beam():
    try:
        from data_prep.builds import beam_pipeline
        from data_prep.builds.beam_folder import BeamFolder
    except ImportError as error:
        if error.name != "apache_beam":
            raise
        raise UserError(
            "data_prep.beam_build needs Apache Beam, which is not installed:"
            " pip install 'electra_tf[beam]'. On one machine"
            " data_prep.build_pretraining_dataset makes the same records"
            " without it."
        ) from None
    return BeamFolder, beam_pipeline


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
