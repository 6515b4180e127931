"""Losses as sums and counts, which add up over replicas.

The mean of a loss is over the global batch, however many replicas share it,
so the update does not depend on their number.
"""

import typing

# Ends the name of a mean over examples, beside the sum that is trained on.
PER_EXAMPLE = "_per_example"
# Keeps a mean over nothing finite; the original's.
COUNT_EPSILON = 1e-6


class LossTerm(typing.NamedTuple):
    """A weighted mean or sum of losses.

    Attributes:
        weight: float, the term's weight in the total loss; None for a term
            that is only reported.
        total: float32 scalar, the sum of the losses.
        count: float32 scalar, how many losses were added; None for a term
            that is the sum itself.
    """

    weight: float | None
    total: typing.Any
    count: typing.Any = None


def value(term: LossTerm):
    """Return the term's mean loss, or its sum, unweighted."""
    if term.count is None:
        return term.total
    return term.total / (term.count + COUNT_EPSILON)


def total_loss(terms: dict[str, LossTerm]):
    """Return the weighted sum of the values, without those only reported.

    >>> total_loss({"a": LossTerm(2.0, 3.0), "b": LossTerm(1.0, 1.0)})
    7.0
    """
    return sum(
        term.weight * value(term)
        for term in terms.values()
        if term.weight is not None
    )
