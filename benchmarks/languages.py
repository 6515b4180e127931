"""What becomes of texts in many languages: words, answers, tags, duplicates.

    python -m benchmarks.languages TEXTS

reads `TEXTS/<language>.txt`, with a blank line between documents, and prints
a row for each. Of every language a cased and an uncased vocabulary are learnt
from nine tenths of the documents; the last tenth is cut into passages. Their
words are those of Unicode (icu4py), in scripts without blanks too.
"""

import argparse
import contextlib
import io
import pathlib
import random
import re
import tempfile
import time
import typing
from collections.abc import Iterable, Iterator

from benchmarks import answer_oracle, tag_oracle
from benchmarks.data_build import machine
from benchmarks.near_duplicates import found_in
from data_prep import build_vocab
from data_prep.dedup import near_duplicates
from electra_tf import command_line
from electra_tf.finetuning.tasks.question_answering import answer_metrics
from electra_tf.finetuning.tasks.question_answering.passages import (
    Asked,
    Passage,
)
from electra_tf.text.tokenization import Tokenizer

HELD_OUT = 10  # Every tenth document.
CHARACTERS = 460  # Of a passage.
QUESTIONS = 5  # About a passage.
MOST_WORDS = 5  # Of an answer.
SIMILARITY = 0.8  # From which on passages are near duplicates.
COLUMNS = (
    "language",
    "tokens",
    "[UNK]",
    "answers",
    "answers, other offsets",
    "tags of words",
    "tags of text",
    "near duplicates found",
    "false",
)


class Text(typing.NamedTuple):
    """A language's text, to learn from and to measure on."""

    learnt_from: list[str]  # Documents.
    passages: list[str]


def main(argv: list[str] | None = None):
    """Print the table."""
    parser = command_line.parser("benchmarks.languages", __doc__)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--vocab_size", type=int, default=8000)
    parser.add_argument("--max_characters", type=int, default=1_000_000)
    parser.add_argument(
        "--split_words", action=argparse.BooleanOptionalAction, default=True
    )
    args = parser.parse_args(argv)
    of_vocab = {"vocab_size": args.vocab_size, "split_words": args.split_words}
    print(machine())
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    began = time.perf_counter()
    for path in sorted(args.texts.glob("*.txt")):
        text = read(path, args.max_characters)
        cells = " | ".join(row(path.stem, text, of_vocab))
        print(f"| {cells} |", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


def read(path: pathlib.Path, max_characters: int) -> Text:
    """Read a file; characters beyond 16 bits are left out, as ICU counts."""
    content = re.sub(r"[^\0-\uffff]", "", path.read_text("utf-8"))
    documents = content[:max_characters].split("\n\n")
    held_out = documents[HELD_OUT - 1 :: HELD_OUT]
    del documents[HELD_OUT - 1 :: HELD_OUT]
    return Text(documents, [*passages("\n".join(held_out).split("\n"))])


def passages(lines: Iterable[str]) -> Iterator[str]:
    """Join lines to passages of `CHARACTERS` or a little more."""
    passage = ""
    for line in lines:
        passage = f"{passage} {line}".strip()
        if len(passage) >= CHARACTERS:
            yield passage
            passage = ""


def word_places(text: str) -> list[tuple[int, int]]:
    """Return where words and punctuation marks begin and end."""
    from icu4py.breakers import WordBreaker

    segments = WordBreaker(text, "root").segments()
    return [(a, b) for a, b in segments if text[a:b].strip()]


def row(language: str, text: Text, of_vocab: dict) -> list[str]:
    """Return the cells of a language: of the cased / the uncased vocabulary.

    `of_vocab` are settings of `build_vocab`.
    """
    asked = [*questions(text.passages, random.Random(language))]
    found = [
        of_vocabulary(text, asked, {**of_vocab, "do_lower_case": lower})
        for lower in (False, True)
    ]
    cells = [" / ".join(pair) for pair in zip(*found, strict=True)]
    shares = duplicates(text.passages, random.Random(language))
    return [language, *cells, *shares]


def of_vocabulary(text: Text, asked, of_vocab: dict) -> list[str]:
    """Return the cells that depend on the vocabulary."""
    quiet = io.StringIO()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory())
        )
        stack.enter_context(contextlib.redirect_stdout(quiet))
        stack.enter_context(contextlib.redirect_stderr(quiet))
        tokenizer = learnt(folder, text.learnt_from, of_vocab)
        ids = [n for one in text.passages for n in tokenizer.encode(one)]
        config = answer_oracle.settings(do_lower_case=tokenizer.do_lower_case)
        answers = answer_oracle.bound(asked, tokenizer, config).exact_match
        others = by_other_offsets(asked, tokenizer, config.max_answer_length)
        draw = random.Random(0)
        tagged = [
            tag_oracle.tagged(passage, word_places(passage), draw)
            for passage in text.passages
        ]
        tags = tag_oracle.TagOracle(tagged, tokenizer, folder)
        scores = answers, others, tags.of_words(), tags.of_text()
    return [
        str(tokenizer.vocab_size),
        f"{ids.count(tokenizer.unk_id) / len(ids):.2%}",
        *(f"{score:.2f}" for score in scores),
    ]


def learnt(folder: pathlib.Path, documents, of_vocab: dict) -> Tokenizer:
    """Return the tokenizer of a vocabulary that is learnt from documents."""
    corpus, vocab = folder / "corpus.txt", folder / "vocab.txt"
    corpus.write_text("\n\n".join(documents), "utf-8")
    config = build_vocab.VocabConfig(
        corpus_dir=str(corpus), output_file=str(vocab), **of_vocab
    )
    build_vocab.main(config)
    return Tokenizer.of(str(vocab), config)


def questions(texts: Iterable[str], draw: random.Random) -> Iterator[Asked]:
    """Ask for random words of each passage."""
    for number, text in enumerate(texts):
        passage = Passage(text)
        places = [
            (begin, end)
            for begin, end in word_places(text)
            if any(map(str.isalnum, text[begin:end]))
        ]
        for question in range(QUESTIONS):
            first = draw.randrange(len(places))
            last = min(first + draw.randrange(MOST_WORDS), len(places) - 1)
            begin, end = places[first][0], places[last][1]
            name, answer = f"{number}-{question}", text[begin:end]
            yield Asked(
                name, name, "?", passage, [answer], False, [(answer, begin)]
            )


def by_other_offsets(asked, tokenizer: Tokenizer, most: int) -> float:
    """Return the exact match of answers, by the offsets of `tokenizers`."""
    from tokenizers import BertWordPieceTokenizer

    other = BertWordPieceTokenizer(
        tokenizer.vocab, lowercase=tokenizer.do_lower_case
    )
    texts = {}
    for q in asked:
        ((answer, begin),) = q.answers
        text, end = q.passage.text, begin + len(answer)
        offsets = other.encode(text, add_special_tokens=False).offsets
        there = [(a, b) for a, b in offsets if a < end and begin < b]
        found = 0 < len(there) <= most
        texts[q.id] = text[there[0][0] : there[-1][1]] if found else ""
    golds = {q.id: q.golds for q in asked}
    return answer_metrics.exact_match_and_f1(golds, texts)["exact_match"]


def duplicates(texts: list[str], draw: random.Random) -> list[str]:
    """Return the shares of copies found, and of other passages found.

    Of each passage there is a copy with one character changed.
    """
    copies = []
    for text in texts:
        place = draw.randrange(len(text))
        other = draw.choice([c for c in text if c != text[place]])
        copies.append(text[:place] + other + text[place + 1 :])
    rows = near_duplicates.signatures([text] for text in (*texts, *copies))
    found = found_in(rows, SIMILARITY)
    true = sum(place >= len(texts) for place in found)
    shares = true / len(texts), (len(found) - true) / len(texts)
    return [f"{share:.1%}" for share in shares]


if __name__ == "__main__":
    main()
