"""Issues of the text: how many of each kind, and where the first ones are.

Nothing is left out without a count here. The counts go to the manifest, the
places into a warning.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Kinds of issues, and how a warning puts them.
KINDS = {
    "undecodable_lines": "lines had bytes that are not UTF-8, or halves of"
    " characters (surrogates in JSON), which were left out",
    "lines_with_nul": "lines have NUL bytes, which were left out; other"
    " encodings than UTF-8 and binary files look like that",
    "lines_in_iso_2022": "lines have escape sequences of ISO-2022 and were read"
    " as ASCII; convert them, say by iconv -f ISO-2022-JP -t UTF-8",
    "bad_documents": "documents could not be read and were left out",
    "empty_documents": "documents have no text",
    "skipped_members": "members of archives are links, devices or hidden, and"
    " were passed over",
    "files_with_marks": "files, or members of archives, are HTML, XML, RTF or"
    " tables by their names, and were read as plain text, with all marks and"
    " separators (--corpus_format=text says that this is meant)",
    "empty_files": "files, or members of archives, have no text",
}
MOST_PLACES = 3


class DataIssues:
    """Counts by kind, with the first places.

    >>> issues = DataIssues()
    >>> issues.add("empty_files", "corpus/a.txt")
    >>> print(*warnings(issues.counts, issues.places))
    1 files, or members of archives, have no text: corpus/a.txt
    """

    def __init__(self):
        self.counts = dict.fromkeys(KINDS, 0)
        self.places: dict[str, list[str]] = {kind: [] for kind in KINDS}
        # Files -> how many of their parts have no text, and how many they have.
        self.empty_parts: dict[str, tuple[int, int]] = {}

    def add(self, kind: str, place: str) -> None:
        """Count something found at a place."""
        # Names of files may be no text.
        place = place.encode("utf-8", "backslashreplace").decode("utf-8")
        self.counts[kind] += 1
        if len(self.places[kind]) < MOST_PLACES:
            self.places[kind].append(place)

    def add_empty(self, path: str, parts: int, empty: int = 1) -> None:
        """Count a file without text, once all its parts were said to be.

        >>> issues = DataIssues()
        >>> issues.add_empty("a.txt", parts=2)
        >>> issues.add_empty("b.txt", parts=2)
        >>> issues.add_empty("b.txt", parts=2)
        >>> issues.places["empty_files"], issues.empty_parts
        (['b.txt'], {'a.txt': (1, 2)})
        """
        empty += self.empty_parts.pop(path, (0, parts))[0]
        if empty == parts:
            self.add("empty_files", path)
        else:
            self.empty_parts[path] = empty, parts

    def include(
        self,
        counts: Mapping[str, int],
        places: Mapping[str, Sequence[str]],
        empty_parts: Mapping[str, Sequence[int]],
    ) -> None:
        """Add the issues of others, who may have read other parts of files."""
        for kind in KINDS:
            self.counts[kind] += counts[kind]
            self.places[kind] += places[kind]
        for path, (empty, parts) in empty_parts.items():
            self.add_empty(path, parts, empty)


class Origin(NamedTuple):
    """Name of a source of bytes, and the counts of its issues."""

    name: str
    issues: DataIssues

    def place(self, offset: int) -> str:
        """Name a place in it."""
        return f"{self.name}, byte {offset}"


def warnings(
    counts: Mapping[str, int], places: Mapping[str, list[str]]
) -> list[str]:
    """Return a sentence for each kind of `KINDS` that was found."""
    return [
        f"{counts[kind]} {text}: {'; '.join(places[kind][:MOST_PLACES])}"
        + (", ..." if counts[kind] > MOST_PLACES else "")
        for kind, text in KINDS.items()
        if counts.get(kind)
    ]
