"""Checks the installation, the machine, and whether a config fits it."""

import typing

OK, NOTE, FAILED = "ok", "note", "FAILED"


class Row(typing.NamedTuple):
    """One check."""

    status: str  # `OK`, `NOTE`: worth knowing, or `FAILED`: to be mended.
    check: str
    found: str
    advice: str = ""


def decided(good: bool, check: str, found: str, advice: str) -> Row:
    """Return a row that is fine, or has failed and says what to do."""
    return Row(OK, check, found) if good else Row(FAILED, check, found, advice)
