"""Choosing from n-best lists by a recogniser's score and a model's.

The best hypothesis has the largest `score + weight * log-likelihood`; the
weight is the one with the fewest word errors on a development set (Electric,
section 4.2; Salazar et al., 2020). Words stand between blanks; of scripts
that put none between words, such as Chinese or Thai, each character is one.
"""

import re
from collections.abc import Sequence

import numpy as np

from electra_tf.text.scripts import UNIT

# Electric searches 0.05, 0.1, ..., 1.0.
WEIGHTS = tuple(round(0.05 * number, 2) for number in range(1, 21))

words_of = re.compile(UNIT).findall


def best(hypotheses: Sequence[dict], weight: float) -> int:
    """Return the number of the best hypothesis, the first of equal ones.

    One whose likelihood is None, as it has no token, is the best only by its
    score alone: where the others have none either, or `weight` is 0.

    >>> first = {"score": -1.0, "likelihood": -9.0}
    >>> best([first, {"score": -2.0, "likelihood": -3.0}], weight=0.5)
    1
    >>> best([{"score": -1.0, "likelihood": None}, first], weight=0.5)
    1
    """
    is_known = [one["likelihood"] is not None for one in hypotheses]
    if not weight or not any(is_known):
        return int(np.argmax([one["score"] for one in hypotheses]))
    totals = [
        one["score"] + weight * one["likelihood"] if known else -np.inf
        for one, known in zip(hypotheses, is_known, strict=True)
    ]
    return int(np.argmax(totals))


def word_errors(hypothesis: str, reference: str) -> int:
    """Return the words to insert, delete or change (edit distance).

    >>> word_errors("the cat sat", "a cat sat down")
    2
    >>> word_errors("GPU\u306f\u901f\u3044", "GPU\u304c\u901f\u3044")
    1
    """
    words, wanted = words_of(hypothesis), words_of(reference)
    row = list(range(len(wanted) + 1))
    for number, word in enumerate(words, start=1):
        diagonal, row[0] = row[0], number
        for place, other in enumerate(wanted, start=1):
            change = diagonal + (word != other)
            diagonal = row[place]
            row[place] = min(change, diagonal + 1, row[place - 1] + 1)
    return row[-1]


def word_error_rate(lists: Sequence[dict], weight: float) -> float:
    """Return the word errors of the best hypotheses, for each word wanted.

    `lists` have "reference", a text, and "hypotheses", dicts with "text",
    "score" and "likelihood".
    """
    errors = words = 0
    for each in lists:
        hypotheses = each["hypotheses"]
        chosen = hypotheses[best(hypotheses, weight)]["text"]
        errors += word_errors(chosen, each["reference"])
        words += len(words_of(each["reference"]))
    return errors / max(words, 1)


def tuned_weight(lists: Sequence[dict]) -> float:
    """Return the weight of `WEIGHTS` with the fewest errors, the least one."""
    return min(WEIGHTS, key=lambda weight: word_error_rate(lists, weight))
