"""Counts the tokens of training records that have no token_counts.json.

    python -m data_prep.count_tokens DIR --vocab_file=vocab.txt

A build counts them itself; this is for records of other programs or of older
builds.
"""

from collections.abc import Iterator

import numpy as np

from data_prep.command_line import printing
from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import manifest, record_files, records, token_counts
from electra_tf.text.tokenization import Tokenizer

RECORDS_PER_BATCH = 1024


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    made = command_line.parser(
        "data_prep.count_tokens", "Counts the tokens of training records."
    )
    made.add_argument("folder", metavar="DIR", help="folder of records")
    made.add_argument("--vocab_file", required=True, help="their vocabulary")
    args = made.parse_args(arguments)
    with command_line.errors_of("count_tokens"), printing():
        tokenizer = Tokenizer(args.vocab_file)
        built = manifest.read(args.folder)
        if built is not None:
            manifest.check(built, vocab_sha256=tokenizer.vocab_sha256)
        counts = count(args.folder, tokenizer.vocab_size)
        token_counts.write(counts, tokenizer.vocab_sha256, args.folder)
        kinds = (counts > 0).sum()
        print(f"{counts.sum()} tokens in {args.folder}, {kinds} kinds")


def count(folder: str, vocab_size: int) -> np.ndarray:
    """Return how often each token comes in the training records, by id."""
    files = record_files.at_hand(record_files.find_shards(folder))
    layout = records.layout_of(files)
    counts = np.zeros(vocab_size, np.int64)
    for path in files:
        for batch in _batches(path, layout.compression):
            ids = _ids(batch, layout.padded)
            if ids.size and ids.max() >= vocab_size:
                raise UserError(
                    f"{path} has the id {ids.max()}; the vocabulary has "
                    f"{vocab_size} tokens. Give the one it was built with."
                )
            counts += np.bincount(ids, minlength=vocab_size)
    return counts


def _batches(path: str, compression: str) -> Iterator:
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(path, compression)
    try:
        yield from dataset.batch(RECORDS_PER_BATCH)
    except tf.errors.OpError as error:
        raise UserError(
            f"{path} is damaged ({error.message.splitlines()[0]}). Copy it "
            "again, or build the records again."
        ) from None


def _ids(batch, padded: bool) -> np.ndarray:
    """Serialized records to the ids of all their tokens, without padding."""
    import tensorflow as tf

    names = (records.INPUT_IDS, *([records.INPUT_MASK] if padded else []))
    parsed = tf.io.parse_example(
        batch, {name: tf.io.RaggedFeature(tf.int64) for name in names}
    )
    ids = parsed[records.INPUT_IDS].flat_values.numpy()
    if not padded:
        return ids
    return ids[parsed[records.INPUT_MASK].flat_values.numpy() == 1]


if __name__ == "__main__":
    main()
