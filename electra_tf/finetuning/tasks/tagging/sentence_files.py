"""Files of tagged words: a word a line, and an empty line between sentences.

Columns stand between tabs where every line has one, else between blanks, as
in CoNLL-2000 (`word POS tag`), or between what is given. A first column that
counts the words of every sentence is no column of words: so CoNLL-U and
GermEval are recognised.
"""

import collections
import csv
import re
import typing
from collections.abc import Iterable

from electra_tf.finetuning.tasks.rows import Record, RowError, kept
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import read_text, shown
from electra_tf.finetuning.tasks.text_rows import DELIMITERS, is_as_csv

DOCUMENT_START = "-DOCSTART-"
CONLL = (
    "Expected lines `word POS tag` and an empty line after each sentence, as "
    "in CoNLL-2000."
)
CONLLU_COLUMNS = 10
_UPOS = 3  # Of CoNLL-U.
# Its comments that look like a word and its tag.
_COMMENTS = (["#", "newdoc"], ["#", "newpar"])
# Words that stand for several, and words that are not in the text.
_NO_WORD = re.compile(r"\d+[-.]\d+")
_SPAN_TAG = re.compile(r"O|[BIES]-.+")
# Not those beyond ASCII, which stand within words: a number of thousands.
_BLANKS = re.compile("[ \t]+")
# How first lines call the column of words, and that of sentences' numbers.
_WORD_NAMES = frozenset(("word", "words", "token", "tokens", "form"))
_SENTENCE_NAME = re.compile("sent(ence)?s?(id|[^a-z]|$)", re.IGNORECASE)
# Words of a file without an empty line that are told to be a sentence.
_LONG = 100


class Sentence(typing.NamedTuple):
    """A sentence with its tags."""

    eid: int  # Its number in the split.
    words: list[str]
    tags: list[str]  # A word each.
    where: str = ""  # Its place in the data.


class _Line(typing.NamedTuple):
    number: int
    cells: list[str]


class Columns(typing.NamedTuple):
    """Where the words and the tags stand; what was assumed, if anything."""

    word: int
    tag: int | None
    assumed: str = ""

    def problem(self, cells: list[str], usual: int, has_tags: bool) -> str:
        """Say what is wrong with a line; "" for nothing."""
        if len(cells) < 1 + has_tags:
            return "expected a word, other columns and a tag"
        last = max(self.word, self.tag)
        if last >= len(cells):
            return f"expected {last + 1} columns"
        if self.tag < 0 and has_tags and len(cells) != usual:
            return f"expected {usual} columns, as most lines have"
        if not (cells[self.word] and cells[self.tag]):
            return "expected a word and a tag, neither of them empty"
        if has_tags and " " in cells[self.tag]:
            return (
                "expected one word and one tag a line; sentences in rows have "
                "lists of words and tags"
            )
        return ""


def read_sentences(
    path: str,
    has_tags: bool = True,
    word_column: str | None = None,
    tag_column: str | None = None,
    tell=None,
    *,
    delimiter: str | None = None,
    usual: str | None = None,
    skip_bad: bool = False,
) -> list[Sentence]:
    """Read the sentences of a file, with their tags as they are.

    Args:
        path: str.
        has_tags: bool; without tags a line may have the word alone, which
            then is its own.
        word_column: number of the column of words, from 1, or its name in
            the first line; None to find out.
        tag_column: likewise that of the tags.
        tell: function that is told what was assumed or left out; None for
            nobody.
        delimiter: what stands between columns; None to find out.
        usual: what does so if the first line has it.
        skip_bad: whether sentences that cannot be used are left out.

    Raises:
        DataError: for a sentence that cannot be used, or when there is none.
    """
    tell = tell or (lambda text: None)
    groups = _sentences(path, delimiter, usual, tell)
    columns = _columns(path, groups, word_column, tag_column, has_tags, tell)
    if len(groups) == 1 and len(groups[0]) > _LONG:
        tell(
            f"{path}: no empty line ends a sentence, so all of its "
            f"{len(groups[0])} words are read as one."
        )
    lines = [line for group in groups for line in group]
    if quoted := sum(any(map(is_as_csv, ln.cells)) for ln in lines):
        tell(
            f"{path}: {quoted} lines have quotation marks as CSV writes them, "
            "which are read as they are."
        )
    usual = _usual_size(lines)

    def made(number: int, record: Record) -> Sentence:
        lines = record.values["lines"]
        for line in lines:
            if problem := columns.problem(line.cells, usual, has_tags):
                where = f"{path}, line {line.number}"
                raise RowError(where, f"{problem}. Read: {line.cells}")
        words = [line.cells[columns.word] for line in lines]
        tags = [line.cells[columns.tag] for line in lines]
        return Sentence(number, words, tags, record.where)

    records = [
        Record(f"{path}, line {lines[0].number}", {"lines": lines})
        for lines in groups
    ]
    sentences = kept(records, made, skip_bad, path, tell)
    if has_tags and (odd := _tags_of_hashes(sentences)):
        tell(
            f"{path}: lines that are '#' and a tag are read as words; none but "
            f"'#' has the tags {shown(odd)}. If they are comments, take them "
            "out."
        )
    if columns.assumed:
        first = sentences[0]
        pairs = zip(first.words, first.tags, strict=True)
        tell(
            f"{path}: {columns.assumed}. The first sentence as it is read: "
            f"{shown([*pairs])}. Others: text_column and label_column, by "
            "number from 1."
        )
    return sentences


def _tags_of_hashes(sentences: list[Sentence]) -> list[str]:
    """Return the tags that only the word # has, unless they say of spans."""
    words: dict[str, set[str]] = collections.defaultdict(set)
    for sentence in sentences:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            words[tag].add(word)
    return [
        tag
        for tag, of_tag in sorted(words.items())
        if of_tag == {"#"} and not _SPAN_TAG.fullmatch(tag)
    ]


def _sentences(path, delimiter, usual, tell) -> list[list[_Line]]:
    """Return the lines of each sentence, without comments."""
    text = read_text(path, CONLL).split("\n")
    if delimiter is None and usual and usual in text[0]:
        delimiter = usual
    cells = _cutter(path, text, delimiter, tell)
    rows = [_Line(number, cells(line)) for number, line in enumerate(text, 1)]
    size_of_words = _usual_size(
        row for row in rows if row.cells and not row.cells[0].startswith("#")
    )
    groups, group = [], []
    # The empty line at the end is often left out.
    for row in [*rows, _Line(0, [])]:
        size, first = len(row.cells), "".join(row.cells[:1])
        is_comment = row.cells in _COMMENTS or (
            first.startswith("#") and size != size_of_words
        )
        if first == DOCUMENT_START or is_comment:
            continue
        if size:
            group.append(row)
        elif group:
            groups.append(group)
            group = []
    if not groups:
        raise DataError(f"{path} holds no sentence. {CONLL}")
    return groups


def _usual_size(lines: Iterable[_Line]) -> int:
    sizes = collections.Counter(len(line.cells) for line in lines)
    return sizes.most_common(1)[0][0] if sizes else 0


def _cutter(path: str, text: list[str], delimiter: str | None, tell):
    """Return the function from a line to its cells; none of an empty line."""
    filled = [
        line
        for line in text
        if line.strip() and not line.startswith(("#", DOCUMENT_START))
    ]
    if delimiter is None and filled and all("\t" in line for line in filled):
        delimiter = "\t"
    if delimiter is None and not any(len(line.split()) > 1 for line in filled):
        delimiter = next(
            (d for d in DELIMITERS if filled and all(d in ln for ln in filled)),
            None,
        )
        if delimiter:
            tell(f"{path}: {delimiter!r} is taken to stand between columns.")
    if delimiter in (None, " "):
        return lambda line: [*filter(None, _BLANKS.split(line.strip("\r")))]

    def cells(line: str) -> list[str]:
        line = line.strip("\r\n")
        if not line.strip():
            return []
        found = line.split(delimiter)
        if delimiter != "\t" and '"' in line:  # As CSV writes a comma.
            (found,) = csv.reader([line], delimiter=delimiter)
        return [cell.strip() for cell in found]

    return cells


def _columns(
    path: str,
    groups: list[list[_Line]],
    word: str | None,
    tag: str | None,
    has_tags: bool,
    tell,
) -> Columns:
    """Return the columns; lines that are no words of a sentence are removed."""
    if not has_tags:
        tag = word  # A file without tags need not have their column.
    names = [name for name in (word, tag) if name and not name.isdigit()]
    header = groups[0][0].cells
    if names:
        missing = [name for name in names if name not in header]
        if missing:
            raise DataError(
                f"{path} has no column {missing[0]!r}; its first line is "
                f"{shown(header)}. Give a name in it, or a number from 1."
            )
        del groups[0][0]
        if not groups[0]:
            del groups[0]
        if len(groups) == 1:
            others = [name for name in header if name not in names]
            _cut_by_number(path, groups, header, others, tell)
    found = _found_columns(path, groups, word)
    if not has_tags:
        found = found._replace(tag=found.word)
    chosen = [
        default if name is None else _index(name, header)
        for name, default in ((word, found.word), (tag, found.tag))
    ]
    if None in chosen:
        raise DataError(
            f"{path}: the first column counts the words, and more than one "
            "other may hold the tags. Set label_column to its number, from 1. "
            f"The first line is {shown(groups[0][0].cells)}."
        )
    if "0" in (word, tag):
        raise DataError(
            f"{path}: columns are numbered from 1. Received: text_column "
            f"{word!r}, label_column {tag!r}."
        )
    if word is None and tag is None and has_tags:
        _check_no_names(path, groups, *chosen)
    given = word is not None and tag is not None
    return Columns(*chosen, "" if given else found.assumed)


def _cut_by_number(path: str, groups: list, header: list, others: list, tell):
    """Cut where a column of the sentences' numbers has another one.

    Of a sentence the first row alone may have it.
    """
    if (name := next(filter(_SENTENCE_NAME.match, others), None)) is None:
        return
    at, number, cut = header.index(name), None, []
    for line in groups[0]:
        cell = line.cells[at] if at < len(line.cells) else ""
        if not cut or cell not in ("", number):
            number = cell
            cut.append([])
        cut[-1].append(line)
    groups[:] = cut
    tell(f"{path}: column {name!r} is taken to number the sentences.")


def _check_no_names(path: str, groups: list, word: int, tag: int) -> None:
    """Refuse a first line that seems to have the names of columns."""
    first = groups[0][0].cells
    if max(word, tag) >= len(first) or first[word].lower() not in _WORD_NAMES:
        return
    rows = (line.cells for group in groups for line in group)
    if sum(row[tag] == first[tag] for row in rows if tag < len(row)) == 1:
        raise DataError(
            f"{path}: the first line seems to name columns: {shown(first)}. "
            "Set text_column and label_column to two of these names; or to "
            "numbers, from 1, if it is a word with its tag."
        )


def _index(name: str, header: list[str]) -> int:
    return int(name) - 1 if name.isdigit() else header.index(name)


def _found_columns(
    path: str, groups: list[list[_Line]], word: str | None
) -> Columns:
    """Return where words and tags are by default; the tag's may be None."""
    if not _is_counted(path, groups, word):
        return Columns(0, -1)
    for lines in groups:
        lines[:] = [ln for ln in lines if not _NO_WORD.fullmatch(ln.cells[0])]
    size = len(groups[0][0].cells)
    if size == CONLLU_COLUMNS:
        return Columns(1, _UPOS, "read as CoNLL-U, the tags are UPOS")
    counted = "the first column counts words"
    if size <= 3:
        return Columns(1, size - 1, f"{counted}, the last one has the tags")
    lines = [line.cells for group in groups for line in group]
    if size == 4 and all(
        _SPAN_TAG.fullmatch(cell) for row in lines for cell in row[2:]
    ):
        return Columns(
            1, 2, f"read as GermEval: {counted}, the tags are the outer ones"
        )
    return Columns(1, None, counted)


def _is_counted(path: str, groups: list[list[_Line]], word: str | None) -> bool:
    """Return whether the first column counts, as 1, 2, 3 or 0, 1, 2.

    Where the column of words is not given, it counts all sentences or none.
    """
    longest, odd = 0, None
    for lines in groups:
        firsts = [line.cells[0] for line in lines if len(line.cells) > 1]
        firsts = [cell for cell in firsts if not _NO_WORD.fullmatch(cell)]
        if not firsts or not all(map(str.isdecimal, firsts)):
            return False
        begin = int(firsts[0])
        if firsts == [str(begin + n) for n in range(len(firsts))]:
            longest = max(longest, len(firsts))
        else:
            odd = odd or (lines[0].number, firsts)
    if odd and longest > 1 and word is None:
        raise DataError(
            f"{path}, line {odd[0]}: the first column counts the words of "
            f"other sentences, but in this one it has {shown(odd[1])}. Is an "
            "empty line missing, or a word? If not, set text_column to the "
            "column of words, from 1."
        )
    counts = odd is None and len(groups[0][0].cells) == CONLLU_COLUMNS
    return longest > 1 or counts
