"""The tokenizer in a graph gives the ids that the tokenizer gives."""

import itertools
import random

import pytest
import tensorflow as tf

from electra_tf.finetuning.exporting.sentence_graph import GraphTokenizer, cut
from electra_tf.finetuning.tasks.sentences.classification import joined
from electra_tf.text.tokenization import Tokenizer
from tests.text import test_tokenization_fuzz as fuzz

TEXTS = tf.TensorSpec([None], tf.string)


@pytest.fixture(
    scope="module",
    params=[(True,), (False,), (True, False, False, 12)],
    ids=["uncased", "cased", "chinese words"],
)
def both(request):
    """The tokenizer, and the same in a graph."""
    tokenizer = Tokenizer(fuzz.BERT, *request.param)
    in_graph = GraphTokenizer(tokenizer)
    return tokenizer, tf.function(in_graph, input_signature=[TEXTS]), in_graph


def test_random_texts(both):
    tokenizer, in_graph, _ = both
    draw = random.Random(3)
    tokens = [*tokenizer.vocab]
    texts = [fuzz.random_text(draw, tokens) for _ in range(5000)]
    received = in_graph(tf.constant([text.encode() for text in texts]))
    for text, ids in zip(texts, received.to_list(), strict=True):
        assert ids == tokenizer.encode(text), ascii(text)


@pytest.mark.parametrize(
    "step",
    # Four in five have no meaning yet, or a private one: a few will do.
    [pytest.param(1, marks=pytest.mark.slow), 100],
)
def test_every_character(both, step):
    tokenizer, _, in_graph = both
    empty = fuzz.of_categories("Cn", "Co")
    left_out = {*empty} - {*empty[::step]}
    characters = [c for c in fuzz.EVERYTHING if c not in left_out]
    texts = [f"a{character}B" for character in characters]
    words = tf.function(in_graph.words, input_signature=[TEXTS])
    received = words(tf.constant([text.encode() for text in texts]))
    basic = tokenizer.basic
    different = [
        character
        for character, text, found in zip(
            characters, texts, received.to_list(), strict=True
        )
        if [word.decode() for word in found] != basic.words(text)
    ]
    assert not different


def test_texts_are_cut_as_in_training():
    lengths = [*itertools.product(range(9), range(9))]
    first = tf.ragged.constant([[*range(a)] for a, _ in lengths], tf.int32)
    second = tf.ragged.constant([[*range(b)] for _, b in lengths], tf.int32)
    for most in (3, 4, 7, 8, 30):
        received = [part.row_lengths() for part in cut(first, second, most)]
        for row, (a, b) in enumerate(lengths):
            _, segments = joined([*range(a)], [*range(b)], most, 0, 0)
            expected = (
                len(segments) - sum(segments) - 2,
                max(sum(segments) - 1, 0),
            )
            found = tuple(int(part[row]) for part in received)
            assert found == expected, (a, b, most)
