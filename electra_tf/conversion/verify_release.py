"""Says whether a download of Google's `electra_small` is complete and right.

    python -m electra_tf.conversion.verify_release DIR

DIR holds what the archive of the original held: `vocab.txt` and the
checkpoint. Checked are the name, shape and type of each of its 404 tensors,
its bytes against the checksums stored beside them, and what the network
computes against outputs that others recorded from the real one. One number
made of all checksums then says whether any byte differs from the released
ones; with `--checksums TABLE` the tensor that differs is named. Ends with
status 0, or 1 when something is wrong.
"""

import argparse
import glob
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from electra_tf import command_line
from electra_tf.conversion import model_folder, released_small, staging
from electra_tf.conversion.released_small import Recording, Tensor
from electra_tf.io.serialization import masked_crc32c


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    with (
        command_line.errors_of("verify_release"),
        staging.at_hand(args.folder) as folder,
    ):
        failures = verify(
            folder,
            args.checksums,
            # A copy's files are known by where they come from.
            say=lambda line: print(line.replace(folder, args.folder)),
        )
    if failures:
        sys.exit(f"{args.folder} is not the released model: {failures} wrong.")
    print(f"{args.folder} is the released model.")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser(
        "electra_tf.conversion.verify_release",
        "Checks a copy of Google's released electra_small.",
    )
    made.add_argument("folder", metavar="DIR", help="folder, or prefix")
    made.add_argument(
        "--checksums",
        metavar="TABLE",
        help="tab-separated values: " + ", ".join(released_small.COLUMNS),
    )
    return made


def verify(
    path: str,
    table: str | None = None,
    recordings: Sequence[Recording] = released_small.RECORDINGS,
    say: Callable[[str], None] = print,
) -> int:
    """Check a checkpoint; say what is right and wrong, return the failures.

    Args:
        path: a folder with a `checkpoint` file, or a prefix.
        table: file of names, types, shapes and checksums.
        recordings: outputs to expect.
        say: function of a line of the report.
    """
    known = released_small
    expected = known.read_table(table) if table else known.tensors()
    by = " and the table" if table else ""
    counts = [
        _report("vocabulary", 1, vocabulary_failures(path), say),
        _report(
            f"tensors, by name, shape, type, stored checksum{by}",
            len(expected),
            tensor_failures(path, expected),
            say,
        ),
    ]
    if any(counts):
        say("outputs: not computed")
        return sum(counts)
    outputs = output_failures(path, recordings)
    wrong = _report("recorded outputs", len(recordings), outputs, say)
    if not table:
        wrong += _report("fingerprint", 1, fingerprint_failures(path), say)
    return wrong


def _report(
    what: str, total: int, failures: Iterator[str], say: Callable
) -> int:
    """Say every failure as it is found, then the count."""
    count = 0
    for failure in failures:
        say(f"  wrong: {failure}")
        count += 1
    say(f"{what}: {total} checked, {count} wrong")
    return count


def vocabulary_failures(path: str) -> Iterator[str]:
    """Yield the difference of vocab.txt from the released one."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    file = os.path.join(folder, model_folder.VOCAB_FILE)
    content = model_folder.read_vocab(file)
    found = content and hashlib.sha256(content).hexdigest()
    expected = released_small.VOCAB_SHA256
    if found != expected:
        yield f"{file}: expected SHA-256 {expected}, found {found or 'no file'}"


def tensor_failures(path: str, expected: Mapping[str, Tensor]) -> Iterator[str]:
    """Yield the differences of a checkpoint's tensors, by name."""
    reader = _reader(path)
    types = reader.get_variable_to_dtype_map()
    found = {
        name: Tensor(types[name].name, tuple(shape))
        for name, shape in reader.get_variable_to_shape_map().items()
    }
    for name in sorted({*expected, *found}):
        wanted, received = expected.get(name), found.get(name)
        if wanted is None:
            yield f"{name}: expected no such tensor, found {received}"
        elif received is None or received[:2] != wanted[:2]:
            yield f"{name}: expected {wanted}, found {received or 'none'}"
        elif wrong := _content_failure(reader, name, wanted.checksum):
            yield f"{name}: {wrong}"


def _content_failure(reader, name: str, expected: int | None) -> str | None:
    from electra_tf.conversion import tensorflow_checkpoint

    try:
        # Compares the bytes with the checksum in the checkpoint's index.
        array = reader.get_tensor(name)
    except tensorflow_checkpoint.READ_ERRORS as error:
        return f"damaged or cut short: {getattr(error, 'message', error)}"
    if expected is None or expected == (received := _checksum(array)):
        return None
    return f"expected checksum {expected}, found {received}"


def _reader(path: str):
    import tensorflow as tf

    from electra_tf.conversion import tensorflow_checkpoint
    from electra_tf.training import checkpoints

    prefix = checkpoints.resolve(path)
    if not glob.glob(f"{glob.escape(prefix)}.data-*"):
        raise FileNotFoundError(
            f"{prefix}.index has no data beside it. Expected files such as "
            f"{prefix}.data-00000-of-00001."
        )
    with tensorflow_checkpoint.damage_explained(prefix):
        return tf.train.load_checkpoint(prefix)


def _checksum(array) -> int:
    array = np.asarray(array)
    little_endian = array.astype(array.dtype.newbyteorder("<"))
    return masked_crc32c(little_endian.tobytes())


def fingerprint_failures(path: str) -> Iterator[str]:
    """Yield whether some byte differs from the released ones."""
    reader = _reader(path)
    checksums = {
        name: _checksum(reader.get_tensor(name))
        for name in reader.get_variable_to_shape_map()
    }
    found = released_small.fingerprint(checksums)
    if found != released_small.FINGERPRINT:
        yield (
            f"expected {released_small.FINGERPRINT}, found {found}: other "
            "weights than the released ones"
        )


def output_failures(
    path: str, recordings: Sequence[Recording]
) -> Iterator[str]:
    """Yield the recorded outputs that a checkpoint's encoder does not give."""
    from electra_tf.conversion import load

    encoder = load.load_encoder(path)
    for recording in recordings:
        output = encoder(
            np.array([recording.input_ids], np.int32),
            input_mask=np.array([recording.input_mask], np.int32),
        ).sequence_output
        yield from recording_failures(np.asarray(output)[0], recording)


def recording_failures(
    output: np.ndarray, recording: Recording
) -> Iterator[str]:
    """Yield the number furthest from a recorded one, if it is too far.

    `output` is the sequence output, float32 `(L, H)`.
    """
    expected = np.array(recording.values)
    first, channel = recording.position, recording.channel
    rows, columns = expected.shape
    found = output[first : first + rows, channel : channel + columns]
    allowed = recording.atol + recording.rtol * np.abs(expected)
    excess = np.abs(found - expected) - allowed
    row, column = np.unravel_index(np.argmax(excess), excess.shape)
    # Not a number is wrong as well.
    if not excess[row, column] <= 0:
        yield (
            f"output at position {first + row}, channel {channel + column}: "
            f"expected {expected[row, column]} ± {allowed[row, column]:.2g}, "
            f"found {found[row, column]:.6g} ({recording.source})"
        )


if __name__ == "__main__":
    main()
