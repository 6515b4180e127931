"""Heat maps: a page whose tokens are as red as they are believed replaced."""

import html
from collections.abc import Iterable, Sequence

_HEAD = """<!doctype html>
<meta charset="utf-8">
<title>Replaced tokens</title>
<style>
body { font: 18px/2 sans-serif; max-width: 45em; margin: 2em auto; }
.t { padding: .1em .15em; border-radius: .2em; }
.r { border-bottom: 3px solid #1a73e8; }
.p { margin-left: -.25em; }
</style>
<p>Red: the probability that a token was replaced, by the discriminator.
Underlined: it was. Point at a token for the number.</p>"""


def page(texts: Iterable[Sequence]) -> Iterable[str]:
    """Give the lines of a page of HTML, one for each text.

    Args:
        texts: each a list of `detector.Token`.
    """
    yield _HEAD
    for tokens in texts:
        yield f"<p>{' '.join(map(_token, tokens))}</p>"


def _token(token) -> str:
    classes, told = "t", f"{token.probability:.0%}"
    if token.text.startswith("##"):
        classes += " p"
    if token.replaced:
        classes += " r"
        told += f", was {token.original}"
    colour = f"rgba(217, 48, 37, {token.probability:.2f})"
    text = html.escape(token.text.removeprefix("##"))
    return (
        f'<span class="{classes}" style="background: {colour}" '
        f'title="{html.escape(told)}">{text}</span>'
    )
