"""Labels that `label_names` names: they are its names, or numbers from 0."""

import functools
from collections.abc import Callable, Iterable

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import schema
from electra_tf.finetuning.tasks.task import DataError, say


class LabelNames:
    """The names of labels; the training data decide how labels are read.

    >>> named = LabelNames(("bad", "good"), list, "train.csv")
    >>> named("1"), named("bad")
    ('good', 'bad')

    Args:
        names: tuple of str, those of the labels 0, 1, ...; none to take labels
            as they are.
        training: function to the training data's labels. It is called where
            names are numbers, which may be meant by either reading.
        where: what to call the training data.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        training: Callable[[], Iterable[str]],
        where: str,
    ):
        self._names, self._training, self._where = names, training, where

    def __call__(self, label: str) -> str:
        """Return the name of a label.

        Raises:
            UserError: for a label that is none of the names.
            DataError: where the training data leave two names for it, or
                cannot be read in one way.
        """
        if not self._names:
            return label
        found = {self._read(kind, label) for kind in self._kinds} - {None}
        if not found:
            raise UserError(
                f"label {label!r} is none of label_names: {self._expected}"
            )
        if len(found) > 1:
            raise DataError(
                f"{self._where}: do labels count label_names from 0, or are "
                f"they its names? All fit both ways, and {label!r} is "
                f"{self._read('numbers', label)!r} by number. If they count, "
                "give names that are no numbers, such as 'class 1'; if they "
                "are names, leave label_names out."
            )
        return found.pop()

    @functools.cached_property
    def _kinds(self) -> tuple[str, ...]:
        """The ways to read labels that fit those of the training data."""
        if all(_number(name) is None for name in self._names):
            return ("numbers",)  # Names that are no numbers are read, too.
        fitting = {
            label: {k for k in ("names", "numbers") if self._read(k, label)}
            for label in {*self._training()}
        }
        known = {label: kinds for label, kinds in fitting.items() if kinds}
        kinds = {"names", "numbers"}.intersection(*known.values())
        if not kinds:
            no_name, no_number = (
                min(label for label in known if kind not in known[label])
                for kind in ("names", "numbers")
            )
            raise DataError(
                f"{self._where}: labels must be the names in label_names, or "
                f"numbers below {len(self._names)} that count them; "
                f"{no_name!r} is no name, and {no_number!r} no such number. "
                "Correct the labels or label_names."
            )
        if len(kinds) == 1:
            means = {"names": "its names", "numbers": "numbers from 0"}
            say(
                f"{self._where}: label_names has numbers; the labels are read "
                f"as {means[min(kinds)]}."
            )
        return tuple(sorted(kinds))

    @property
    def _expected(self) -> str:
        names, expected = self._names, []
        if "numbers" in self._kinds:
            expected = [f"a number below {len(names)}"]
        if "names" not in self._kinds:
            names = tuple(name for name in names if _number(name) is None)
        if names:
            expected.append(f"one of {', '.join(names)}")
        return ", or ".join(expected)

    def _read(self, kind: str, label: str) -> str | None:
        number = _number(label) if kind == "numbers" else None
        if number is None:
            return label if label in self._names else None
        return self._names[number] if number < len(self._names) else None


def _number(label: str) -> int | None:
    try:
        return schema.whole(label)
    except TypeError:
        return None
