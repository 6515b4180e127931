"""Turns text into records for pre-training.

    python -m data_prep.build_pretraining_dataset --corpus_dir=corpus \\
        --vocab_file=vocab.txt --output_dir=data/pretrain_tfrecords

The flags of the original program work too.
"""

import math
import pathlib
import sys
from collections.abc import Sequence

import electra_tf
from data_prep import (
    build_folder,
    command_line,
    corpus,
    job_results,
    jobs,
    token_counter,
    workers,
)
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.progress import Progress
from data_prep.sources import findings, standard_input
from electra_tf import manifest, token_counts, tokenization
from electra_tf.configs import to_json

# As in the original, a large corpus becomes 1000 files.
MOST_FILES = 1000
BYTES_PER_MB = 1_000_000
# Sentences lose about a tenth, long paragraphs half.
CUT_OFF_WORTH_A_WARNING = 0.2

# Tokens that a warning names.
MOST_NAMED = 5

# The records do not depend on these, or by other names that are settings.
NOT_SETTINGS = (
    "corpus_dir",
    "tfds_data_dir",
    "output_dir",
    "num_processes",
    "vocab_file",
    "text_mb_per_file",
)

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
    settings = _settings(config, files)
    if build_folder.is_complete(config.output_dir, settings):
        return
    _check_apart(config)
    begun_with = {
        **settings,
        "last_change_of_text": corpus.last_change(files),
        "program_version": electra_tf.__version__,
    }
    with build_folder.claimed(config.output_dir, begun_with) as folder:
        results, progress = _run_jobs(config, files, settings, folder)
        built = _manifest(config, files, settings, results)
        try:
            _check_not_empty(config, built)
        except ValueError:
            folder.discard()
            raise
        token_counts.write(
            token_counter.total(folder.workshop, len(results)),
            built.vocab_sha256,
            config.output_dir,
        )
        folder.publish(built)
    _report(config, built, progress, job_results.first_places(results))


def _settings(config, files: Sequence[corpus.SourceFile]) -> dict:
    """Return all that the records depend on, by name."""
    tokenizer = jobs.tokenizer_of(config)
    total = sum(file.bytes for file in files)
    by_name = to_json(config)
    for name in NOT_SETTINGS:
        del by_name[name]
    return {
        **by_name,
        "num_out_files": config.num_out_files or _num_files(config, total),
        "strip_accents": tokenizer.strip_accents,
        "vocab_sha256": tokenizer.vocab_sha256,
        "corpus": f"{len(files)} files, {total} bytes,"
        f" {corpus.fingerprint(files)}",
    }


def _num_files(config, total_bytes: int) -> int:
    wanted = math.ceil(total_bytes / (config.text_mb_per_file * BYTES_PER_MB))
    return max(1, min(MOST_FILES, wanted))


def _check_apart(config) -> None:
    folder = pathlib.Path(config.output_dir).resolve()
    if config.corpus_dir is not None and folder.is_relative_to(
        pathlib.Path(config.corpus_dir).resolve()
    ):
        raise ValueError(
            f"--output_dir={config.output_dir} is within"
            f" --corpus_dir={config.corpus_dir}; the next build would take"
            " the records for text. Give another one."
        )


def _run_jobs(config, files, settings, folder: build_folder.BuildFolder):
    """Run the jobs that are not finished; return all results, in order."""
    all_jobs = _deal_out(config, files, settings, str(folder.workshop))
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


def _deal_out(config, files, settings, workshop: str) -> list[jobs.Job]:
    num_files = settings["num_out_files"]
    dealt = corpus.deal_out(files, num_files, config, config.seed)
    return [
        jobs.Job(number, len(dealt), num_files, units, workshop)
        for number, units in enumerate(dealt)
    ]


def _report(config, built: manifest.Manifest, progress, places) -> None:
    print(
        f"{built.training_examples} training and {built.held_out_examples}"
        f" held-out examples in {config.output_dir};"
        f" {progress.summary()}"
    )
    _report_vocabulary(config)
    for warning in findings.warnings(built.counts, places):
        print(f"Warning: {warning}")
    cut_off = built.counts["tokens_cut_off"] / built.counts["tokens"]
    if cut_off > CUT_OFF_WORTH_A_WARNING:
        print(
            f"Warning: {cut_off:.0%} of the tokens, most of them at the ends"
            " of long lines, did not fit into their examples. Put each"
            " sentence on a line of its own, or raise --max_seq_length."
        )


def _report_vocabulary(config) -> None:
    content = pathlib.Path(config.vocab_file).read_bytes()
    twice = tokenization.duplicates(content)
    if twice:
        first = ", ".join(map(repr, list(twice)[:MOST_NAMED]))
        print(
            f"Warning: {config.vocab_file} has {len(twice)} tokens on more than"
            f" one line: {first}. As in the original, only the last line of"
            " each counts; the other ids are never used."
        )


def _manifest(config, files, settings, results) -> manifest.Manifest:
    tokenizer = jobs.tokenizer_of(config)
    shards = [shard for result in results for shard in result.training]
    return manifest.Manifest(
        max_seq_length=config.max_seq_length,
        vocab_size=tokenizer.vocab_size,
        vocab_sha256=tokenizer.vocab_sha256,
        do_lower_case=tokenizer.do_lower_case,
        strip_accents=tokenizer.strip_accents,
        settings=settings,
        counts=job_results.total([result.counts for result in results]),
        training=tuple(sorted(shards, key=_number)),
        held_out=tuple(s for result in results for s in result.held_out),
        program_version=electra_tf.__version__,
        sources={file.name: file.bytes for file in files},
        lengths=_by_length(results),
    )


def _by_length(results) -> dict[str, int]:
    added = job_results.total([result.lengths for result in results])
    return {length: added[length] for length in sorted(added, key=int)}


def _number(shard: manifest.Shard) -> int:
    return int(shard.name.split("-")[1])


def _check_not_empty(config, built: manifest.Manifest) -> None:
    if not built.training_examples:
        raise ValueError(
            f"The text of {config.source} gives no training example:"
            f" {built.counts['documents']} documents,"
            f" held_out_share={config.held_out_share}. Give more text."
        )
    if config.held_out_share and not built.held_out_examples:
        raise ValueError(
            f"held_out_share={config.held_out_share} of"
            f" {built.counts['documents']} documents is none. Give a larger"
            " share or more documents."
        )


if __name__ == "__main__":
    command_line.run(
        main, PretrainingDatasetConfig, sys.argv, FLAGS_OF_THE_ORIGINAL
    )
