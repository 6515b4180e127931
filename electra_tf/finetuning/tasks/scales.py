"""A number, as what is learnt about a sentence; no TensorFlow."""

import dataclasses
import math
import statistics
from collections.abc import Sequence

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.task import FeatureSpec, HeadSpec


@dataclasses.dataclass(frozen=True)
class Number:
    """A number; learnt on a scale from 0 to 1.

    Attributes:
        low: float, what is learnt as 0.
        high: float, what is learnt as 1.
    """

    low: float
    high: float
    names = None
    blank = 0.0
    scores = "predictions"

    @property
    def scale(self) -> tuple[float, float]:
        """The numbers that are learnt as 0 and 1."""
        return self.low, self.high

    @property
    def feature(self) -> FeatureSpec:
        """How it is learnt; the task's name comes before."""
        return FeatureSpec("targets", "float32")

    @property
    def head(self) -> HeadSpec:
        """The head that predicts it."""
        return HeadSpec("regression", 1)

    def parse(self, text: str) -> float:
        """Return the place of a number on the scale.

        Raises:
            ValueError: saying what was expected.
        """
        return (finite(text) - self.low) / (self.high - self.low)

    def as_number(self, prediction) -> float:
        """Return the number at a place of the scale."""
        return self.low + float(prediction) * (self.high - self.low)

    def as_text(self, prediction) -> str:
        """Return the same as text."""
        return f"{self.as_number(prediction):.6g}"

    def described(self, values: Sequence[float]) -> str:
        """Say how large the numbers are.

        >>> Number(0, 10).described([0.1, 0.5])
        '1 to 5, mean 3'
        """
        least, most, mean = map(
            self.as_text, (min(values), max(values), statistics.fmean(values))
        )
        return f"{least} to {most}, mean {mean}"

    def warning(self, values: Sequence[float]) -> str:
        """Say what is wrong with the numbers to learn; "" for nothing."""
        return ""

    def constant_loss(self, values: Sequence[float]) -> float:
        """Return the least mean loss of predicting the same for all."""
        return statistics.pvariance(values)


@dataclasses.dataclass(frozen=True)
class Rating(Number):
    """A number that must lie on the scale.

    >>> Rating(0, 5).parse("2.5"), Rating(0, 5).as_text(1.25)
    (0.5, '5.000')
    """

    def parse(self, text: str) -> float:
        """See `Number.parse`."""
        place = super().parse(text)
        if not 0 <= place <= 1:
            raise UserError(
                f"the score is {text!r}; expected a number from {self.low:g} "
                f"to {self.high:g}"
            )
        return place

    def as_text(self, prediction) -> str:
        """Return a number on the scale; the GLUE site takes no other."""
        within = min(max(float(prediction), 0.0), 1.0)
        return f"{self.as_number(within):.3f}"


def finite(text: str) -> float:
    """Return a number that is neither infinite nor NaN.

    Raises:
        ValueError: when it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"the score is {text!r}; expected a number")
    return number
