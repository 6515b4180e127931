"""Spans of pieces, and the overlapping ones that a long text is cut into."""

import bisect
import typing

from electra_tf.errors import UserError

# Weight of a span's length where two give a piece the same context.
LENGTH_WEIGHT = 0.01


class Span(typing.NamedTuple):
    """Some of a passage's pieces."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """Number of the piece after it."""
        return self.start + self.length


def spans(length: int, room: int, stride: int) -> list[Span]:
    """Return overlapping spans of `room` that cover a length.

    Raises:
        UserError: when there is no room, or no step to the next span.

    >>> spans(8, room=4, stride=3)
    [Span(start=0, length=4), Span(start=3, length=4), Span(start=6, length=2)]
    """
    if room < 1 or stride < 1:
        raise UserError(
            "An input must have room for a piece of the text, and the next "
            "window must begin after it. Raise max_seq_length. Received: room "
            f"for {room} pieces, a step of {stride}."
        )
    found, start = [], 0
    while start < length:
        found.append(Span(start, min(room, length - start)))
        if start + room >= length:
            break
        start += min(room, stride)
    return found


def windows_with_most_context(cut: list[Span], length: int) -> list[int]:
    """Return for each piece the number of the span to answer it.

    It is the first of those where the nearer end is the farthest off.
    """
    starts = [span.start for span in cut]
    ends = [span.end for span in cut]
    best = []
    for position in range(length):
        candidates = range(
            bisect.bisect_right(ends, position),
            bisect.bisect_right(starts, position),
        )
        best.append(max(candidates, key=lambda n: _context(cut[n], position)))
    return best


def _context(span: Span, position: int) -> float:
    nearer = min(position - span.start, span.end - 1 - position)
    return nearer + LENGTH_WEIGHT * span.length
