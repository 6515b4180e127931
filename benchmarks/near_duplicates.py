"""How many near duplicates a build finds, and how many it takes for some.

    python -m benchmarks.near_duplicates Chinese=docs_zh.txt English=books \
        --changes=1

Texts are files or folders of UTF-8 text. They are cut into paragraphs of some
460 characters, each of which comes again with one word changed; where a
script has no blanks, one character. Thai is made of 400 syllables, drawn at
random.

The first row is what paragraphs and changed ones share in truth. Then, for each
threshold: the share of the changed paragraphs that is found, and how many of
the paragraphs themselves are taken for near duplicates of others, by the
estimate but not in truth.
"""

import argparse
import pathlib
import random
import tempfile
import types
from collections.abc import Iterator, Sequence

import numpy as np

from data_prep.dedup import near_duplicates
from electra_tf import command_line
from electra_tf.errors import UserError

THRESHOLDS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
LENGTH = 460  # Characters of a paragraph.
SEED = 0
THAI = "Thai, made"
_CONSONANTS = "\u0e01\u0e02\u0e04\u0e07\u0e08\u0e0a\u0e14\u0e15\u0e17\u0e19"
_VOWELS = ("\u0e30", "\u0e32", "\u0e34", "\u0e35", "\u0e38", "\u0e39", "")
_TONES = ("", "", "\u0e48", "\u0e49")
_ENDS = ("", "\u0e07", "\u0e19", "\u0e21", "\u0e01", "\u0e14")
SYLLABLES = 400  # That words are made of.


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    made = command_line.parser("benchmarks.near_duplicates", __doc__)
    made.add_argument("texts", nargs="*", metavar="NAME=PATH")
    made.add_argument("--paragraphs", type=int, default=1000)
    made.add_argument("--changes", type=int, default=1)
    args = made.parse_args(arguments)
    with command_line.errors_of("near_duplicates"):
        for line in table(args):
            print(line, flush=True)


def table(args: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of a table, a row a threshold."""
    draw = random.Random(SEED)
    columns = []
    for name, text in {**_read(args.texts), THAI: thai(draw)}.items():
        paragraphs = cut(text, args.paragraphs)
        changed = [change(p, args.changes, draw) for p in paragraphs]
        rows = near_duplicates.signatures([p] for p in paragraphs + changed)
        sets, others = (
            [frozenset(near_duplicates.shingles([p])) for p in some]
            for some in (paragraphs, changed)
        )
        truth = np.mean(list(map(_likeness, sets, others)))
        columns.append((f"{name}, {len(paragraphs)}", truth, sets, rows))
    yield "| threshold | " + " | ".join(c[0] for c in columns) + " |"
    yield "|---" * (1 + len(columns)) + "|"
    yield "| shared | " + " | ".join(f"{c[1]:.3f}" for c in columns) + " |"
    for threshold in THRESHOLDS:
        cells = (measured(*column[2:], threshold) for column in columns)
        yield f"| {threshold} | {' | '.join(cells)} |"


def _read(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, _, path = text.partition("=")
        if not path:
            raise UserError(f"Expected NAME=PATH. Received: {text!r}.")
        root = pathlib.Path(path)
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        found[name] = "\n".join(
            file.read_text("utf-8", "replace")
            for file in files
            if file.is_file()
        )
    return found


def thai(draw: random.Random) -> str:
    """Return text without blanks, of syllables in Thai letters."""
    syllables = [
        draw.choice(_CONSONANTS)
        + draw.choice(_VOWELS)
        + draw.choice(_TONES)
        + draw.choice(_ENDS)
        for _ in range(SYLLABLES)
    ]
    return "\n".join(
        "".join(draw.choices(syllables, k=LENGTH)) for _ in range(4 * LENGTH)
    )


def cut(text: str, most: int) -> list[str]:
    """Return different paragraphs of some 460 characters.

    >>> [len(p) for p in cut("ab cd " * 100, 9)]
    [458]
    """
    found: dict[str, None] = {}
    part = ""
    for line in text.split("\n"):
        part = f"{part} {line}".strip()
        if len(part) >= LENGTH:
            # No word is cut in two.
            end = part.rfind(" ", LENGTH // 2, LENGTH)
            found[part[:LENGTH] if end < 0 else part[:end]] = None
            part = ""
        if len(found) == most:
            break
    return list(found)


def change(paragraph: str, number: int, draw: random.Random) -> str:
    """Change some of its words, or characters where it has few blanks."""
    if paragraph.count(" ") * 20 > len(paragraph):
        words = paragraph.split(" ")
        for place in draw.sample(range(len(words)), number):
            words[place] = "changed"
        return " ".join(words)
    characters = list(paragraph)
    for place in draw.sample(range(len(characters)), number):
        others = set(paragraph) - {characters[place], " "}
        characters[place] = draw.choice(sorted(others))
    return "".join(characters)


def measured(sets: list[frozenset], rows: np.ndarray, threshold: float) -> str:
    """Say what is found of the changed ones, and found though it is not."""
    number, found = len(sets), found_in(rows, threshold)
    recall = sum(place >= number for place in found) / number
    false = sum(
        all(_likeness(sets[place], one) < threshold for one in sets[:place])
        for place in found
        if place < number
    )
    return f"{recall:.3f}, {false} false"


def found_in(rows: np.ndarray, threshold: float) -> list[int]:
    """Return which signatures a build would leave out, by their numbers."""
    config = types.SimpleNamespace(drop_near_duplicates=threshold)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "signatures.npy")
        np.save(path, rows)
        (found,) = near_duplicates.find(config, [path])
    return found


def _likeness(one: frozenset, other: frozenset) -> float:
    return len(one & other) / len(one | other)


if __name__ == "__main__":
    main()
