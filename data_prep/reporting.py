"""What a build has made: its manifest, and what to say of it."""

import pathlib

import electra_tf
from data_prep import job_results, jobs
from data_prep.sources import findings
from electra_tf.errors import UserError
from electra_tf.io import manifest
from electra_tf.text import tokenization

# Sentences lose about a tenth, long paragraphs half.
CUT_OFF_WORTH_A_WARNING = 0.2
# Tokens that a warning names.
MOST_NAMED = 5


def manifest_of(config, files, settings, results) -> manifest.Manifest:
    """Return the manifest of a build, from the results of all its jobs."""
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


def check_not_empty(config, built: manifest.Manifest) -> None:
    """Raise ValueError if a build has made no example of some kind."""
    if not built.training_examples:
        raise UserError(
            f"The text of {config.source} gives no training example:"
            f" {built.counts['documents']} documents,"
            f" held_out_share={config.held_out_share}. Give more text."
        )
    if config.held_out_share and not built.held_out_examples:
        raise UserError(
            f"held_out_share={config.held_out_share} of"
            f" {built.counts['documents']} documents is none. Give a larger"
            " share or more documents."
        )


def report(config, built: manifest.Manifest, results, summary: str) -> None:
    """Print what was built and what was wrong with the text."""
    print(
        f"{built.training_examples} training and {built.held_out_examples}"
        f" held-out examples in {config.output_dir};"
        f" {summary}"
    )
    _report_vocabulary(config)
    places = job_results.first_places(results)
    for warning in findings.warnings(built.counts, places):
        print(f"Warning: {warning}")
    cut_off = built.counts["tokens_cut_off"] / built.counts["tokens"]
    if cut_off > CUT_OFF_WORTH_A_WARNING:
        print(
            f"Warning: {cut_off:.0%} of the tokens, most of them at the ends"
            " of long lines, did not fit into their examples. Cut the lines"
            " with --split_sentences=root, or raise --max_seq_length."
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
