"""Lower case in a graph is Python's, whatever the locale is."""

import os
import random
import subprocess
import sys

import pytest
import tensorflow as tf

from electra_tf.finetuning.exporting.lower_case import LowerCase
from tests.text import test_tokenization_fuzz as fuzz

# What the lower case of these is differs by language, or by neighbours.
LOCAL = [
    "I\u0130\u0131i\xcc\xcd\u0128J\u012e",
    "I\u0307 \u0391\u03a3 \u03a3 \u0391\u03a3\u0391 \u0391\u03a3'\u0391",
    "\u039f\u0394\u039f\u03a3. \u0391\u03a3\u02b0",
    "\xc0\xc9\xdf \u0390\u01c5 \u2167 \u13a0",
]


def lower(texts: list[str]) -> list[str]:
    found = LowerCase()(tf.constant([text.encode() for text in texts]))
    return [text.decode() for text in found.numpy()]


def test_every_character():
    texts = [f"a{character}B" for character in fuzz.EVERYTHING]
    assert lower(texts) == [text.lower() for text in texts]


def test_sigma_among_neighbours_of_all_kinds():
    draw = random.Random(5)
    kinds = 3 * "\u03a3"
    kinds += "a\u0392\u03ac.'\u02b0\u0301\u00ad 2-\u0130\xaa\u2160:x\u4e2d"
    texts = [
        "".join(draw.choices(kinds, k=draw.randint(0, 9))) for _ in range(20000)
    ]
    assert lower(texts) == [text.lower() for text in texts]


@pytest.mark.slow  # A process of its own.
@pytest.mark.parametrize("locale", ["tr_TR.UTF-8", "lt_LT.UTF-8", "C"])
def test_the_locale_of_the_process_does_not_matter(locale):
    variables = {k: v for k, v in os.environ.items() if k[:3] != "LC_"}
    program = f"from {__name__} import *; print(ascii(lower(LOCAL)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **variables,
            "LANG": locale,
            "PYTHONPATH": ":".join(sys.path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ascii([text.lower() for text in LOCAL])
