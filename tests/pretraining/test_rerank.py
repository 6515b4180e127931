"""Choosing from n-best lists, by hand."""

import pytest

from electra_tf.pretraining import rerank


def test_the_least_of_equally_good_weights():
    hypotheses = [
        {"text": "a b", "score": 0.0, "likelihood": -1.0},
        {"text": "a c", "score": -0.12, "likelihood": 0.0},
    ]
    lists = [{"hypotheses": hypotheses, "reference": "a c"}]
    assert rerank.tuned_weight(lists) == 0.15
    assert rerank.word_error_rate(lists, 0.1) == 0.5


@pytest.mark.parametrize(
    ("hypothesis", "reference"),
    [
        ("the cat sat down", "the dog sat down"),
        ("\u6211\u7231\u732b.", "\u6211\u7231\u72d7."),  # Chinese
        ("\u0e41\u0e21\u0e27\u0e14", "\u0e41\u0e21\u0e27\u0e01"),  # Thai
        ("\u1786\u17d2\u1798\u17b6", "\u1786\u17d2\u1780\u17b6"),  # Khmer
        ("\u0f56\u0f7c\u0f51\u0f0b", "\u0f56\u0f7c\u0f44\u0f0b"),  # Tibetan
        (
            "\ube60\ub978 \uace0\uc591\uc774 \ud55c \ub9c8",
            "\ube60\ub978 \uac1c \ud55c \ub9c8",
        ),
    ],
)
def test_one_of_four_words_is_wrong_in_every_script(hypothesis, reference):
    hypotheses = [{"text": hypothesis, "score": 0.0, "likelihood": 0.0}]
    lists = [{"hypotheses": hypotheses, "reference": reference}]
    assert rerank.word_error_rate(lists, 0.0) == 0.25
