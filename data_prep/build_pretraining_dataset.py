"""Turns a folder of text files into records for pre-training.

    python -m data_prep.build_pretraining_dataset --corpus_dir=corpus \\
        --vocab_file=vocab.txt --output_dir=data/pretrain_tfrecords

The flags of the original program work too.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator, Sequence

import electra_tf
from data_prep import command_line, corpus, jobs, workers
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf import manifest, records
from electra_tf.configs import to_json

# As in the original, a large corpus becomes 1000 files.
MOST_FILES = 1000
BYTES_PER_FILE = 2_000_000
WORKSHOP = ".unfinished"
# Sentences lose about a tenth, long paragraphs half.
CUT_OFF_WORTH_A_WARNING = 0.2

FLAGS_OF_THE_ORIGINAL = {
    "--blanks-separate-docs": "--blank_lines_separate_documents",
    "--no-lower-case": "--nodo_lower_case",
    "--no-strip-accents": "--nostrip_accents",
}


def main(config: PretrainingDatasetConfig) -> None:
    """Build the records, unless they are there already.

    Raises:
        FileNotFoundError: No corpus or no vocabulary.
        ValueError: The output folder is in use for something else, or the
            corpus gives no example.
    """
    files = corpus.list_files(config.corpus_dir)
    settings = _settings(config, files)
    if _is_built(config.output_dir, settings):
        return
    folder = pathlib.Path(config.output_dir)
    _check_apart(folder, pathlib.Path(config.corpus_dir))
    with _lock(folder):
        _make_room(folder)
        workshop = folder / WORKSHOP
        workshop.mkdir()
        try:
            built = _build(config, files, settings, workshop)
            _publish(built, workshop, folder)
        except BaseException:
            _clear(folder)
            if not any(folder.iterdir()):
                folder.rmdir()
            raise


def _settings(config, files: Sequence[corpus.SourceFile]) -> dict:
    """Return all that the records depend on, by name."""
    tokenizer = jobs.tokenizer_of(config)
    total = sum(file.bytes for file in files)
    default = max(1, min(MOST_FILES, -(-total // BYTES_PER_FILE)))
    by_name = to_json(config)
    for name in ("corpus_dir", "output_dir", "num_processes", "vocab_file"):
        del by_name[name]
    return {
        **by_name,
        "num_out_files": config.num_out_files or default,
        "strip_accents": tokenizer.strip_accents,
        "vocab_sha256": tokenizer.vocab_sha256,
        "corpus": f"{len(files)} files, {total} bytes,"
        f" {corpus.fingerprint(files)}",
    }


def _is_built(output_dir: str, settings: dict) -> bool:
    """Return whether these records exist; refuse to replace others."""
    if not pathlib.Path(output_dir, manifest.FILE_NAME).exists():
        return False
    found = manifest.read(output_dir)
    differences = [
        f"  {name}: {found.settings.get(name)} there, {value} now"
        for name, value in settings.items()
        if found.settings.get(name) != value
    ]
    if differences:
        raise ValueError(
            f"{output_dir} holds records that were built otherwise:\n"
            + "\n".join(differences)
            + "\nGive another --output_dir, or delete that folder first."
        )
    manifest.check_files(found, output_dir)
    print(
        f"Nothing to do: {output_dir} has these {found.training_examples}"
        " examples already."
    )
    return True


def _check_apart(folder: pathlib.Path, corpus_dir: pathlib.Path) -> None:
    if folder.resolve().is_relative_to(corpus_dir.resolve()):
        raise ValueError(
            f"--output_dir={folder} is within --corpus_dir={corpus_dir}; the"
            " next build would take the records for text. Give another one."
        )


@contextlib.contextmanager
def _lock(folder: pathlib.Path) -> Iterator[None]:
    """Make the folder and keep others from building in it meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _take_lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _take_lock(handle: int, folder: pathlib.Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(
            f"Another process is building in {folder}. Wait for it, or give"
            " another --output_dir."
        ) from None
    except OSError as error:
        # Some network file systems have no locks on folders.
        print(f"Cannot lock {folder}, going on without: {error}")


def _make_room(folder: pathlib.Path) -> None:
    """Remove what a killed build left; refuse any other content."""
    if (folder / WORKSHOP).exists():
        _clear(folder)
    if any(folder.iterdir()):
        raise ValueError(
            f"{folder} is not empty and has no {manifest.FILE_NAME}. Give a"
            " new --output_dir, or empty that folder first."
        )


def _clear(folder: pathlib.Path) -> None:
    """Remove an unfinished build."""
    for stem in (records.TRAINING_STEM, records.HELD_OUT_STEM):
        for path in folder.glob(f"{stem}-*-of-*"):
            path.unlink()
    shutil.rmtree(folder / WORKSHOP, ignore_errors=True)


def _build(config, files, settings, workshop) -> manifest.Manifest:
    num_files = settings["num_out_files"]
    dealt = corpus.deal_out(
        config.corpus_dir,
        files,
        num_files,
        config.blank_lines_separate_documents,
        config.seed,
    )
    all_jobs = [
        jobs.Job(number, len(dealt), num_files, units, str(workshop))
        for number, units in enumerate(dealt)
    ]
    total = sum(file.bytes for file in files)
    results, progress = workers.run_all(config, all_jobs, total)
    built = _manifest(config, settings, results)
    _check_not_empty(config, built)
    _report(config, built, progress)
    return built


def _report(config, built: manifest.Manifest, progress) -> None:
    print(
        f"{built.training_examples} training and {built.held_out_examples}"
        f" held-out examples in {config.output_dir};"
        f" {progress.summary()}"
    )
    if built.counts["undecodable_lines"]:
        print(
            f"Warning: {built.counts['undecodable_lines']} lines were not"
            " UTF-8; their undecodable bytes were left out."
        )
    cut_off = built.counts["tokens_cut_off"] / built.counts["tokens"]
    if cut_off > CUT_OFF_WORTH_A_WARNING:
        print(
            f"Warning: {cut_off:.0%} of the tokens, most of them at the ends"
            " of long lines, did not fit into their examples. Put each"
            " sentence on a line of its own, or raise --max_seq_length."
        )


def _manifest(config, settings, results) -> manifest.Manifest:
    tokenizer = jobs.tokenizer_of(config)
    shards = [shard for result in results for shard in result.training]
    return manifest.Manifest(
        max_seq_length=config.max_seq_length,
        vocab_size=tokenizer.vocab_size,
        vocab_sha256=tokenizer.vocab_sha256,
        do_lower_case=tokenizer.do_lower_case,
        strip_accents=tokenizer.strip_accents,
        settings=settings,
        counts={
            name: sum(result.counts[name] for result in results)
            for name in results[0].counts
        },
        training=tuple(sorted(shards, key=_number)),
        held_out=tuple(s for result in results for s in result.held_out),
        program_version=electra_tf.__version__,
    )


def _number(shard: manifest.Shard) -> int:
    return int(shard.name.split("-")[1])


def _check_not_empty(config, built: manifest.Manifest) -> None:
    if not built.training_examples:
        raise ValueError(
            f"The text in {config.corpus_dir} gives no training example:"
            f" {built.counts['documents']} documents,"
            f" held_out_share={config.held_out_share}. Give more text."
        )
    if config.held_out_share and not built.held_out_examples:
        raise ValueError(
            f"held_out_share={config.held_out_share} of"
            f" {built.counts['documents']} documents is none. Give a larger"
            " share or more documents."
        )


def _publish(built, workshop: pathlib.Path, folder: pathlib.Path) -> None:
    """Move the files to their place; the manifest makes them count."""
    for path in workshop.iterdir():
        path.rename(folder / path.name)
    manifest.write(built, folder)
    workshop.rmdir()


if __name__ == "__main__":
    command_line.run(
        main, PretrainingDatasetConfig, sys.argv, FLAGS_OF_THE_ORIGINAL
    )
