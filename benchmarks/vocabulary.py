"""Two trainers of WordPiece vocabularies: `tokenizers` and tensorflow-text.

    python -m benchmarks.vocabulary --corpus_dir=books --corpus_dir=novels

Both learn from the same counts of words. Every tenth line of the text is left
out, and is what the vocabularies are compared on.
"""

import argparse
import collections
import itertools
import pathlib
import tempfile
import time

from benchmarks.data_build import BYTES_PER_MB, machine, sample_documents
from data_prep import build_vocab
from electra_tf import command_line
from electra_tf.text.tokenization import BasicTokenizer, Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS

HELD_OUT = 10
MIN_FREQUENCY = 2
MAX_CHARACTERS = 1000


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.vocabulary", __doc__)
    add = parser.add_argument
    add("--corpus_dir", action="append", required=True, help="may be repeated")
    add("--max_mb", type=float, default=8.0, help="text to take of a corpus")
    add("--vocab_size", type=int, default=8192)
    return parser.parse_args()


def main() -> None:
    """Print a row for each text and trainer."""
    options = arguments()
    print(machine())
    print(
        "| text | trainer | CPU s | tokens | pieces a word | words with [UNK] |"
    )
    print("|---|---|---|---|---|---|")
    for corpus_dir in options.corpus_dir:
        learned_from, held_out = words_of(corpus_dir, options.max_mb)
        for name, train in TRAINERS.items():
            began = time.process_time()
            tokens = train(learned_from, options.vocab_size)
            seconds = time.process_time() - began
            pieces, unknown = quality(tokens, held_out)
            print(
                f"| {pathlib.Path(corpus_dir).name} | {name} | {seconds:.1f} |"
                f" {len(tokens)} | {pieces:.3f} | {unknown:.3%} |",
                flush=True,
            )


def words_of(corpus_dir: str, max_mb: float) -> tuple:
    """Return the counts of words, to learn from and to compare on."""
    basic = BasicTokenizer()
    counts = collections.Counter(), collections.Counter()
    lines = itertools.chain.from_iterable(
        sample_documents(corpus_dir, max_mb * BYTES_PER_MB)
    )
    for number, line in enumerate(lines):
        counts[number % HELD_OUT == 0].update(basic.words(line))
    return counts


def by_tokenizers(counts, vocab_size: int) -> list[str]:
    """Learn the vocabulary as `data_prep.build_vocab` does."""
    basic = BasicTokenizer()
    ranked = build_vocab.character_counts(counts)
    characters = dict.fromkeys([*ranked][:MAX_CHARACTERS])
    single = build_vocab.single_tokens(characters, basic)
    return build_vocab.learn(counts, single, vocab_size, MIN_FREQUENCY)


def by_tensorflow_text(counts, vocab_size: int) -> list[str]:
    """The trainer of tensorflow-text."""
    command_line.set_up_tensorflow()
    from tensorflow_text.tools.wordpiece_vocab import (
        wordpiece_tokenizer_learner_lib,
    )

    return wordpiece_tokenizer_learner_lib.learn(
        counts.items(),
        vocab_size,
        list(SPECIAL_TOKENS),
        max_unique_chars=MAX_CHARACTERS,
    )


TRAINERS = {
    "`tokenizers`": by_tokenizers,
    "tensorflow-text": by_tensorflow_text,
}


def quality(tokens: list[str], counts) -> tuple[float, float]:
    """Return pieces a word, and the share of words with [UNK]."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "vocab.txt")
        path.write_text("".join(f"{t}\n" for t in tokens), "utf-8")
        tokenizer = Tokenizer(str(path))
    pieces = unknown = 0
    for word, count in counts.items():
        ids = tokenizer.encode(word)
        pieces += count * len(ids)
        unknown += count * (tokenizer.unk_id in ids)
    return pieces / counts.total(), unknown / counts.total()


if __name__ == "__main__":
    main()
