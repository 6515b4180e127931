"""Files of tagged words, as those of CoNLL-2000; no TensorFlow.

They have one word a line, `word ... tag`, and an empty line after each
sentence.
"""

import typing

from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import read_text

DOCUMENT_START = "-DOCSTART-"
EXPECTED = (
    "Expected lines `word POS tag` and an empty line after each sentence, as "
    "in CoNLL-2000."
)


class Sentence(typing.NamedTuple):
    """A sentence with its tags.

    Attributes:
        eid: int, its number in the split.
        words: list of str.
        tags: list of str.
        where: str, its place in the data.
    """

    eid: int
    words: list[str]
    tags: list[str]
    where: str = ""


def read_sentences(path: str, fewest_columns: int = 2) -> list[Sentence]:
    """Read the sentences of a file, with their tags as they are.

    Args:
        path: str.
        fewest_columns: int, of a line; 1 allows words without a tag, which
            then are their own.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it holds no sentence, or a line is not as expected.
    """
    sentences, words, tags = [], [], []
    # The empty line at the end is often left out.
    lines = (*read_text(path, EXPECTED).split("\n"), "")
    for number, line in enumerate(lines, 1):
        cells = line.split()
        if cells[:1] == [DOCUMENT_START]:
            continue
        if cells:
            if len(cells) < fewest_columns:
                raise DataError(
                    f"{path}, line {number}: expected a word, other columns "
                    f"and a tag. Read: {cells}"
                )
            words.append(cells[0])
            tags.append(cells[-1])
        elif words:
            where = f"{path}, line {number - len(words)}"
            sentences.append(Sentence(len(sentences), words, tags, where))
            words, tags = [], []
    if not sentences:
        raise DataError(f"{path} holds no sentence. {EXPECTED}")
    return sentences
