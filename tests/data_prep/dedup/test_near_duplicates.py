"""Near duplicates are found in any script, and what is not alike is not."""

import random

import pytest

from data_prep.dedup import near_duplicates

CHARACTERS = 460
SCRIPTS = {
    "Chinese": [chr(0x4E00 + number) for number in range(2000)],
    "Japanese": [chr(0x3041 + number) for number in range(80)] * 3
    + [chr(0x5000 + number) for number in range(300)],
    "Thai": [chr(0xE01 + number) for number in range(46)]
    + [chr(0xE30 + number) for number in range(11)],
    "Khmer": [chr(0x1780 + number) for number in range(35)]
    + [chr(0x17B6 + number) for number in range(15)],
}


def paragraphs(script: str, number: int) -> list[str]:
    draw = random.Random(script)
    return [
        "".join(draw.choices(SCRIPTS[script], k=CHARACTERS))
        for _ in range(number)
    ]


def alike(texts: list[str], others: list[str], threshold: float) -> int:
    """How many pairs are near duplicates."""
    rows, further = (
        near_duplicates.signatures([[text] for text in some])
        for some in (texts, others)
    )
    return sum(
        near_duplicates.are_alike(row, other, threshold)
        for row, other in zip(rows, further, strict=True)
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_one_character_changed(script):
    texts = paragraphs(script, 200)
    middle = CHARACTERS // 2
    changed = [f"{t[:middle]}x{t[middle + 1 :]}" for t in texts]
    assert alike(texts, changed, 0.8) >= 0.95 * len(texts)
    assert alike(texts, texts[1:] + texts[:1], 0.8) == 0


def test_words_between_blanks_stay_whole():
    assert near_duplicates.shingles(["caf\u00e9 d\u2019or, na\u00efve"]) == [
        "caf\u00e9 d\u2019or, na\u00efve".encode()
    ]
