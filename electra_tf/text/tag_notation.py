"""How the tags of words are put together: B-PER, B_PER, PER-B, or B alone.

A tag is O, outside of all spans, or a position and the type of its span. No
TensorFlow.
"""

import typing
from collections.abc import Iterable

OUTSIDE = "O"
# Other letters for the positions of IOBES.
OTHER_LETTERS = {"L": "E", "U": "S", "M": "I", "W": "S"}
POSITIONS = frozenset("BIES") | OTHER_LETTERS.keys()


class Notation(typing.NamedTuple):
    """How a tag is put together, of a position, a separator and a type."""

    separator: str  # "" where there are no types.
    is_last: bool = False  # Whether the position comes after the type.

    def parts(self, tag: str) -> tuple[str, str] | None:
        """Return position and type; None for a tag of another notation.

        >>> Notation("-").parts("B-X-Y"), Notation("_", True).parts("PER_I")
        (('B', 'X-Y'), ('I', 'PER'))
        """
        position, kind = tag.rstrip("-_"), ""  # B or B-.
        if self.separator:
            cut = tag.rpartition if self.is_last else tag.partition
            parts = cut(self.separator)
            position, kind = parts[:: -2 if self.is_last else 2]
            if not kind:
                return None
        found = position.upper()
        return (found, kind) if found in POSITIONS else None

    def written(self, tag: str) -> str:
        """Return a tag as it is learnt, B-PER; of words, as it is."""
        if tag.upper() == OUTSIDE:
            return OUTSIDE
        parts = self.parts(tag)
        return joined(*parts) if parts else tag


# The first that fits all tags is taken; most files have the first.
NOTATIONS = (
    *(Notation("-"), Notation("_"), Notation(":"), Notation("/")),
    *(Notation("-", True), Notation("_", True), Notation("")),
)


def joined(position: str, kind: str) -> str:
    """Return the tag of a position and a type, which may be ""."""
    return f"{position}-{kind}" if kind else position


def of_all(tags: Iterable[str]) -> Notation | None:
    """Return the notation of all tags, where they begin or go on spans."""
    for notation in NOTATIONS:
        parts = [*map(notation.parts, tags)]
        if parts and all(parts):
            positions = {position for position, _ in parts}
            if notation == NOTATIONS[0] or positions & {"B", "I"}:
                return notation
    return None


def of_labels(labels: Iterable[str]) -> tuple[Notation | None, list[str]]:
    """Return the notation of a model's labels, and those of another one.

    A model may have labels that are of no span, such as [CLS], beside others
    that are. The notation is None where all are tags of single words.

    >>> of_labels(["O", "B_PER", "I_PER", "[SEP]"])
    (Notation(separator='_', is_last=False), ['[SEP]'])
    >>> of_labels(["NOUN", "VERB", "O"])
    (None, [])
    """
    tags = [label for label in labels if label.upper() != OUTSIDE]
    if (notation := of_all(tags)) is not None:
        return notation, []
    # Some letters alone are parts of speech.
    for notation in NOTATIONS[:-1]:
        found = {tag: notation.parts(tag) for tag in tags}
        positions = {parts[0] for parts in found.values() if parts}
        # As much is said by B-PER alone.
        if positions >= ({"B"} if notation == NOTATIONS[0] else {"B", "I"}):
            return notation, [tag for tag, parts in found.items() if not parts]
    return None, []
