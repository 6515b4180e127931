"""Turns text into records for pre-training.

    python -m data_prep.build_pretraining_dataset --corpus_dir=corpus \\
        --vocab_file=vocab.txt --output_dir=data/pretrain_tfrecords

The flags of the original program work too.
"""

import pathlib
import sys

from data_prep import (
    build_folder,
    command_line,
    corpus,
    jobs,
    planning,
    reporting,
    token_counter,
    workers,
)
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.progress import Progress
from data_prep.sources import standard_input
from electra_tf.errors import UserError
from electra_tf.io import token_counts

FLAGS_OF_THE_ORIGINAL = {
    "--blanks-separate-docs": "--blank_lines_separate_documents",
    "--no-lower-case": "--nodo_lower_case",
    "--no-strip-accents": "--nostrip_accents",
}


def main(config: PretrainingDatasetConfig) -> None:
    """Build the records, or what is missing of them.

    Raises:
        FileNotFoundError: No corpus or no vocabulary.
        ValueError: The output folder is in use for something else, the
            corpus gives no example, or some of it cannot be read.
        OSError: The output folder is full or cannot be written to.
    """
    with standard_input.as_file(config) as config:
        _build(config)


def _build(config: PretrainingDatasetConfig) -> None:
    files = corpus.list_files(config)
    settings = planning.settings_of(config, files)
    if build_folder.is_complete(config.output_dir, settings):
        return
    _check_apart(config)
    begun_with = planning.begun_with(settings, files)
    with build_folder.claimed(config.output_dir, begun_with) as folder:
        results, progress = _run_jobs(config, files, settings, folder)
        built = reporting.manifest_of(config, files, settings, results)
        try:
            reporting.check_not_empty(config, built)
        except ValueError:
            folder.discard()
            raise
        token_counts.write(
            token_counter.total(folder.workshop, len(results)),
            built.vocab_sha256,
            config.output_dir,
        )
        folder.publish(built)
    reporting.report(config, built, results, progress.summary())


def _check_apart(config) -> None:
    folder = pathlib.Path(config.output_dir).resolve()
    if config.corpus_dir is not None and folder.is_relative_to(
        pathlib.Path(config.corpus_dir).resolve()
    ):
        raise UserError(
            f"--output_dir={config.output_dir} is within"
            f" --corpus_dir={config.corpus_dir}; the next build would take"
            " the records for text. Give another one."
        )


def _run_jobs(config, files, settings, folder: build_folder.BuildFolder):
    """Run the jobs that are not finished; return all results, in order."""
    all_jobs = planning.jobs_of(config, files, settings, str(folder.workshop))
    if config.drops_duplicates:
        from data_prep import duplicates

        duplicates.find_all(config, all_jobs)
    results = folder.finished(len(all_jobs))
    missing = [job for job in all_jobs if job.number not in results]
    total = sum(job.bytes for job in all_jobs)
    left = sum(job.bytes for job in missing)
    if results:
        print(
            f"Going on with {config.output_dir}: {len(results)} of"
            f" {len(all_jobs)} jobs are finished."
        )
    progress = Progress(workers.CONTEXT, total, total - left)
    new = ()
    if missing:
        new = workers.run_all(jobs.run, config, missing, progress)
    for job, result in zip(missing, new, strict=True):
        results[job.number] = result
    return [results[number] for number in range(len(all_jobs))], progress


if __name__ == "__main__":
    command_line.run(
        main, PretrainingDatasetConfig, sys.argv, FLAGS_OF_THE_ORIGINAL
    )
