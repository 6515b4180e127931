"""Lines of text that programs read: of standard input, and of files."""

from collections.abc import Iterable, Iterator

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import encodings


def of_standard_input() -> Iterator[str]:
    """Yield lines as they come, as `decoded` does."""
    # Whatever the locale says: bytes that it cannot read would be dropped.
    yield from decoded(command_line.standard("stdin").buffer, "Standard input")


def decoded(file: Iterable[bytes], name: str) -> Iterator[str]:
    """Yield lines of bytes as text, with their ends.

    Args:
        file: lines of bytes.
        name: what they are of, in messages.

    Raises:
        UserError: for bytes that are not UTF-8.

    >>> [*decoded([b"caf\\xc3\\xa9\\r\\n"], "a.txt")]
    ['caf\xe9\\n']
    """
    for number, line in enumerate(file, 1):
        if number == 1:
            encodings.check(name, line)
        try:
            yield line.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise UserError(
                f"{name}, line {number} must be UTF-8. Received: {error}."
            ) from None
