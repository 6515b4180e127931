"""Files that do not answer: pipes without a writer, mounts that hang."""

import threading
from collections.abc import Iterable

from electra_tf.io import files


def first_silent(paths: Iterable[str], seconds: float) -> str | None:
    """Return the first file whose first byte cannot be had for so long.

    A call that hangs cannot be ended, so another thread makes it. Files that
    cannot be read at once, or have a scheme, are not silent.
    """
    asked: list[str] = []

    def ask():
        for path in paths:
            asked.append(path)
            try:
                with open(path, "rb") as file:
                    file.read(1)
            except OSError:
                pass
        asked.append("")

    paths = [path for path in paths if not files.is_remote(path)]
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    before = -1
    while thread.is_alive() and before < len(asked):
        before = len(asked)
        thread.join(seconds)
    return (asked[-1] if asked else None) or None
