"""Turns text into records for pre-training.

    python -m data_prep.build_pretraining_dataset --corpus_dir=corpus \\
        --vocab_file=vocab.txt --output_dir=data/pretrain_tfrecords

The flags of the original program work too.
"""

import sys

from data_prep import command_line, corpus
from data_prep.builds import build_folder, jobs, plan, workers
from data_prep.builds.job_results import JobResult
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.dedup import duplicates
from electra_tf.io import files

FLAGS_OF_THE_ORIGINAL = {
    "--blanks-separate-docs": "--blank_lines_separate_documents",
    "--do-strip-accents": "--strip_accents",
    "--no-lower-case": "--nodo_lower_case",
    "--no-strip-accents": "--nostrip_accents",
}


def main(config: PretrainingDatasetConfig) -> None:
    """Build the records, or what is missing of them."""
    files.check_writable(config.output_dir, "--output_dir")
    with corpus.standard_input_as_file(config) as config:
        _build(plan.plan_of(config))


def _build(planned: plan.Plan) -> None:
    config = planned.config
    if build_folder.is_complete(config.output_dir, planned.settings):
        return
    begun_with = planned.begun_with
    with build_folder.claimed(config.output_dir, begun_with) as folder:
        results, progress = _run_jobs(planned, folder)
        built = planned.finish(folder, results)
    plan.report(config, built, results, progress.summary())


def _run_jobs(
    planned: plan.Plan, folder: build_folder.BuildFolder
) -> tuple[list[JobResult], workers.Progress]:
    """Run the jobs that are not finished; return all results, in order."""
    config = planned.config
    all_jobs = planned.jobs(folder.staging)
    duplicates.find_all(config, all_jobs)
    results = folder.finished(len(all_jobs))
    missing = [job for job in all_jobs if job.number not in results]
    if results:
        print(
            f"Going on with {config.output_dir}: {len(results)} of"
            f" {len(all_jobs)} jobs are finished."
        )
    progress = workers.Progress(
        sum(job.bytes for job in all_jobs), sum(job.bytes for job in missing)
    )
    if missing:
        new = workers.run_all(jobs.run, config, missing, progress)
        numbers = (job.number for job in missing)
        results.update(zip(numbers, new, strict=True))
    return [results[number] for number in range(len(all_jobs))], progress


def program() -> None:
    """Run the program with the arguments of the command line."""
    command_line.run(
        main, PretrainingDatasetConfig, sys.argv, FLAGS_OF_THE_ORIGINAL
    )


if __name__ == "__main__":
    program()
