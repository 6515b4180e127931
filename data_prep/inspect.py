"""Says what a folder of records holds, and whether it is whole.

    python -m data_prep.inspect DIR

Prints settings, counts and the lengths of the examples, checks every file
against `manifest.json` and every record against its checksum, and shows some
examples as text. Ends with status 0, or 1 if a file is missing, damaged or
does not belong there.
"""

import argparse
import gzip
import hashlib
import itertools
import os
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence

import google_crc32c

from data_prep.command_line import printing
from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import files, listing, manifest, records, serialization
from electra_tf.io.manifest import Manifest, Shard
from electra_tf.text.tokenization import Tokenizer

BYTES_PER_BLOCK = 1 << 20
BYTES_PER_MB = 1_000_000
# Of the histogram in text.
BINS = 16
LONGEST_BAR = 50

_RECORDS_FILE = re.compile(
    rf"({re.escape(records.TRAINING_STEM)}|{re.escape(records.HELD_OUT_STEM)}).*"
)
# Counts -> what they are shares of.
SHARES = {
    "documents_without_tokens": "documents",
    "tokens_cut_off": "tokens",
    "unknown_tokens": "tokens_kept",
    "single_segment_examples": "examples",
}


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    made = command_line.parser(
        "data_prep.inspect", "Says what a folder of records holds; checks it."
    )
    add = made.add_argument
    add("folder", metavar="DIR", help="folder of records")
    add(
        "--examples",
        type=_number,
        default=3,
        help="how many to show (default 3)",
    )
    add(
        "--vocab_file",
        help="vocabulary to show them with, by default where the build had it",
    )
    add("--plot", metavar="FILE.png", help="where to draw the histograms")
    args = made.parse_args(arguments)
    with command_line.errors_of("inspect"), printing():
        failures = inspect(args)
    if failures:
        sys.exit(f"inspect: {args.folder}: {failures} files are wrong")


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, not {number}")
    return number


def inspect(args: argparse.Namespace) -> int:
    """Print the report; return the number of files that are wrong.

    Raises:
        FileNotFoundError: There is no such folder, or no manifest in it.
        UserError: The manifest is damaged, or the vocabulary another one.
    """
    folder = args.folder.rstrip("/") or "/"
    if not files.exists(os.path.join(folder, manifest.FILE_NAME)):
        raise FileNotFoundError(
            f"{folder} has no {manifest.FILE_NAME}. Expected a folder that"
            " data_prep.build_pretraining_dataset finished."
        )
    built = manifest.read(args.folder)
    print("\n".join(summary(built)))
    if args.plot:
        files.check_new_file(args.plot, "--plot")
        plot(built, args.plot)
    failures = print_failures(built, folder)
    if args.examples > 0 and not failures:
        print_examples(built, folder, args.vocab_file, args.examples)
    return failures


# ---- The manifest ------------------------------------------------------------


def summary(built: Manifest) -> Iterator[str]:
    """Yield the lines of the report on a manifest."""
    shards = (*built.training, *built.held_out)
    size = sum(shard.bytes for shard in shards) / BYTES_PER_MB
    text = sum(built.sources.values()) / BYTES_PER_MB
    yield (
        f"{built.training_examples} training and {built.held_out_examples}"
        f" held-out examples in {len(built.training)} and"
        f" {len(built.held_out)} files, {size:.1f} MB; from"
        f" {len(built.sources)} files of text, {text:.1f} MB; built by"
        f" electra_tf {built.program_version}"
    )
    yield "settings:"
    yield from (f"  {name}: {value}" for name, value in built.settings.items())
    yield "counts:"
    counts = {**built.counts, "examples": sum(built.lengths.values())}
    wholes = {**counts, "tokens_kept": built.tokens_kept}
    for name, count in counts.items():
        whole = wholes.get(SHARES.get(name, ""))
        share = f" ({count / whole:.2%})" if whole else ""
        yield f"  {name}: {count}{share}"
    yield "examples by number of ids:"
    yield from (f"  {line}" for line in histogram(built.lengths))


def histogram(lengths: Mapping[str, int]) -> list[str]:
    """Return lines with a bar for each range of lengths.

    >>> histogram({"5": 1, "32": 4})[-1]
    '31 to 32         4 ##################################################'
    """
    numbers = {int(length): number for length, number in lengths.items()}
    if not numbers:
        return []
    longest = max(numbers)
    width = -(-longest // BINS)
    tops = range(longest, 0, -width)
    sums = {
        top: sum(numbers.get(n, 0) for n in range(top - width + 1, top + 1))
        for top in reversed(tops)
    }
    most = max(sums.values())
    return [
        f"{f'{max(1, top - width + 1)} to {top}':<12}{number:>6} "
        + "#" * round(LONGEST_BAR * number / most)
        for top, number in sums.items()
    ]


def plot(built: Manifest, path: str) -> None:
    """Draw how long the examples are, and how many each file has.

    Raises:
        UserError: The path ends in no format of plots.
    """
    from matplotlib.figure import Figure

    figure = Figure((10, 4))
    left, right = figure.subplots(1, 2)
    left.bar([int(n) for n in built.lengths], [*built.lengths.values()], 1.0)
    left.set(xlabel="ids", ylabel="examples", title="length of examples")
    right.hist([shard.examples for shard in built.training], bins=BINS)
    right.set(xlabel="examples", ylabel="files", title="size of files")
    figure.tight_layout()
    if not (form := os.path.splitext(path)[1][1:].lower()):
        path, form = f"{path}.png", "png"
    if form not in (known := figure.canvas.get_supported_filetypes()):
        raise UserError(
            f"--plot must end in .{', .'.join(sorted(known))}. Received:"
            f" {path!r}."
        )
    with files.writing(path) as unfinished:
        figure.savefig(unfinished, dpi=120, format=form)


# ---- Checks of the files -----------------------------------------------------


def print_failures(built: Manifest, folder: str) -> int:
    """Check all files; print what is wrong, and the count."""
    shards = {shard.name: shard for shard in built.training + built.held_out}
    found = {
        name: failure
        for name, shard in shards.items()
        if (failure := failure_of(shard, folder))
    }
    for name in sorted(listing.names_in(folder)):
        if _RECORDS_FILE.fullmatch(name) and name not in shards:
            found[name] = "not a file of this build"
    for name, failure in found.items():
        print(f"  wrong: {name}: {failure}")
    print(f"files: {len(shards)} checked, {len(found)} wrong")
    return len(found)


def failure_of(shard: Shard, folder: str) -> str | None:
    """Return what is wrong with a file, if anything is."""
    path = os.path.join(folder, shard.name)
    size = files.size(path)
    if size is None:
        return "missing"
    if size != shard.bytes:
        return f"{size} bytes, {shard.bytes} expected"
    if shard.crc32c and (found := _crc32c(path)) != shard.crc32c:
        return f"CRC-32C {found}, {shard.crc32c} expected"
    try:
        number = sum(1 for _ in records_in(path))
    except (UserError, EOFError, OSError, zlib.error) as error:
        return str(error)
    if number != shard.examples:
        return f"{number} records, {shard.examples} expected"
    return None


def _crc32c(path: str) -> str:
    checksum = google_crc32c.Checksum()
    with files.open_stream(path) as file:
        while block := file.read(BYTES_PER_BLOCK):
            checksum.update(block)
    return checksum.hexdigest().decode()


def records_in(path: str) -> Iterator[bytes]:
    """Yield a file's records, without TensorFlow."""
    with files.open_stream(path) as file:
        compressed = records.is_gzip(file.read(records.MAGIC_BYTES))
        file.seek(0)
        with gzip.open(file) if compressed else file as content:
            yield from serialization.read_frames(content)


# ---- Some examples -----------------------------------------------------------


def print_examples(
    built: Manifest, folder: str, vocab_file: str | None, number: int
) -> None:
    """Print the first examples of files from all over the build.

    There are as many as asked for, unless the build has fewer.
    """
    tokenizer = tokenizer_of(built, folder, vocab_file)
    for shard, of_shard in numbers_to_show(built.training, number):
        path = os.path.join(folder, shard.name)
        for record in itertools.islice(records_in(path), of_shard):
            ids, segment0_length = _parsed(record, built)
            text = " ".join(tokenizer.tokens[i] for i in ids).replace(" ##", "")
            print(
                f"{shard.name}: {len(ids)} ids, {segment0_length} of them in"
                f" segment 0:\n  {text}"
            )


def numbers_to_show(
    shards: Sequence[Shard], number: int
) -> list[tuple[Shard, int]]:
    """Return files from all over a build, and how many examples of each.

    A file has no second one before all files have one.

    >>> sizes = {"a": 1, "b": 9, "c": 0, "d": 9, "e": 9}
    >>> shards = [Shard(name, n, 0) for name, n in sizes.items()]
    >>> [(shard.name, n) for shard, n in numbers_to_show(shards, 2)]
    [('a', 1), ('d', 1)]
    >>> [(shard.name, n) for shard, n in numbers_to_show(shards, 9)]
    [('a', 1), ('b', 3), ('d', 3), ('e', 2)]
    """
    with_any = [shard for shard in shards if shard.examples]
    chosen = with_any[:: max(1, len(with_any) // number)][:number]
    numbers = dict.fromkeys((shard.name for shard in chosen), 0)
    left = min(number, sum(shard.examples for shard in chosen))
    while left:
        for shard in chosen:
            if left and numbers[shard.name] < shard.examples:
                numbers[shard.name] += 1
                left -= 1
    return [(shard, numbers[shard.name]) for shard in chosen]


def tokenizer_of(
    built: Manifest, folder: str, vocab_file: str | None
) -> Tokenizer:
    """Return the tokenizer of records, with their vocabulary.

    That is where the build had it, or beside the records, wherever these are
    now, unless it is given.

    Raises:
        FileNotFoundError: There is none.
        UserError: What is given is another one.
    """
    if vocab_file:
        tokenizer = Tokenizer.of(vocab_file, built)
        manifest.check(built, vocab_sha256=tokenizer.vocab_sha256)
        return tokenizer
    places = [built.vocab_file] if built.vocab_file else []
    places += [
        os.path.join(place, manifest.VOCABULARY)
        for place in (os.path.dirname(folder), folder)
    ]
    for path in places:
        if not listing.is_folder(path) and _sha256(path) == built.vocab_sha256:
            return Tokenizer.of(path, built)
    raise FileNotFoundError(
        f"No vocabulary file with the SHA-256 of these records,"
        f" {built.vocab_sha256}, at {', '.join(places)}. Give it by"
        " --vocab_file, or --examples=0 to show none."
    )


def _sha256(path: str) -> str | None:
    if not files.exists(path):
        return None
    return hashlib.sha256(files.read(path)).hexdigest()


def _parsed(record: bytes, built: Manifest) -> tuple[list[int], int]:
    padded = built.settings.get("padded", True)
    parsed = records.parse_examples(record, built.max_seq_length, padded)
    length = int(sum(parsed[records.INPUT_MASK]))
    ids = parsed[records.INPUT_IDS].numpy()[:length].tolist()
    return ids, length - int(sum(parsed[records.SEGMENT_IDS]))


if __name__ == "__main__":
    main()
