"""Spans of words and the tags that stand for them.

A tag is O, or B-, I-, E- or S- (begin, inside, end, single) and the type of
the span. What tags mean is the released code's reading of them: a span begins
at B or S, or where I or E follow O; it goes on through all I and E that
follow, and has the type of its last tag.
"""

import typing

from electra_tf.errors import UserError

OUTSIDE = "O"
_BEGINS, _CONTINUES = "BS", "IE"


class Span(typing.NamedTuple):
    """Words that belong together.

    Attributes:
        first: int, number of its first word.
        last: int, number of its last word.
        type: str.
    """

    first: int
    last: int
    type: str


def decoded(tags) -> list[Span]:
    """Return the spans of a sentence's tags.

    >>> decoded(["B-NP", "E-NP", "O", "S-VP"])
    [Span(first=0, last=1, type='NP'), Span(first=3, last=3, type='VP')]

    Raises:
        ValueError: for what is no tag.
    """
    spans: list[Span] = []
    inside = False
    for number, tag in enumerate(tags):
        position, kind = _parts(tag)
        if inside and position in _CONTINUES:
            spans[-1] = Span(spans[-1].first, number, kind)
        elif position != OUTSIDE:
            spans.append(Span(number, number, kind))
        inside = position != OUTSIDE
    return spans


def _parts(tag: str) -> tuple[str, str]:
    if tag == OUTSIDE:
        return OUTSIDE, ""
    position, hyphen, kind = tag.partition("-")
    if not hyphen or position not in (*_BEGINS, *_CONTINUES):
        raise UserError(
            f"{tag!r} is no tag; expected {OUTSIDE}, or one of B-, I-, E- and "
            "S- followed by a type, as in B-NP."
        )
    return position, kind


def bioes(tags) -> list[str]:
    """Return the same spans in BIOES tags, which say where spans end.

    >>> bioes(["B-NP", "I-NP", "O", "I-VP"])
    ['B-NP', 'E-NP', 'O', 'S-VP']
    """
    spans = decoded(tags)
    encoded = _bio(spans, len(tags))
    for span in spans:
        end = "S" if span.first == span.last else "E"
        encoded[span.last] = f"{end}-{span.type}"
    return encoded


def bio(tags) -> list[str]:
    """Return the same spans in BIO tags.

    >>> bio(["B-NP", "E-NP", "O", "S-VP"])
    ['B-NP', 'I-NP', 'O', 'B-VP']
    """
    return _bio(decoded(tags), len(tags))


def _bio(spans: list[Span], length: int) -> list[str]:
    encoded = [OUTSIDE] * length
    for span in spans:
        for number in range(span.first, span.last + 1):
            encoded[number] = f"I-{span.type}"
        encoded[span.first] = f"B-{span.type}"
    return encoded
