"""Tagged words in the files that people have."""

import pytest

from electra_tf.finetuning.tasks.tagging.sentence_files import read_sentences
from electra_tf.finetuning.tasks.task import DataError

CONLLU = """# sent_id = 7
# text = Zum Haus
1-2\tZum\t_\t_\t_\t_\t_\t_\t_\t_
1\tZu\tzu\tADP\t_\t_\t3\tcase\t_\t_
2\tdem\tder\tDET\t_\t_\t3\tdet\t_\t_
3\tHaus\tHaus\tNOUN\t_\t_\t0\troot\t_\tSpaceAfter=No
3.1\tist\tsein\tAUX\t_\t_\t_\t_\t_\t_

# sent_id = 8
1\tJa\tja\tINTJ\t_\t_\t0\troot\t_\t_
"""
GERMEVAL = """#\thttp://example.org/a [2020-01-01]
1\tIn\tO\tO
2\tBonn\tB-LOC\tO
3\tEva\tB-PER\tB-LOC

#\thttp://example.org/b
1\tHi\tO\tO
"""


def read(tmp_path, text, *arguments, **settings):
    path = tmp_path / "train.tsv"
    path.write_text(text, "utf-8")
    said = []
    sentences = read_sentences(
        str(path), *arguments, tell=said.append, **settings
    )
    return [[*zip(s.words, s.tags, strict=True)] for s in sentences], said


@pytest.mark.parametrize(
    ("text", "expected", "assumed"),
    [
        (
            CONLLU,
            [
                [("Zu", "ADP"), ("dem", "DET"), ("Haus", "NOUN")],
                [("Ja", "INTJ")],
            ],
            "read as CoNLL-U, the tags are UPOS",
        ),
        (
            GERMEVAL,
            [[("In", "O"), ("Bonn", "B-LOC"), ("Eva", "B-PER")], [("Hi", "O")]],
            "read as GermEval",
        ),
        (
            "1 a X\n2 b Y\n\n1 c X\n",
            [[("a", "X"), ("b", "Y")], [("c", "X")]],
            "last",
        ),
        # Blanks within words, where tabs part the columns.
        (
            "H\u1ed9i An\tB-LOC\n10 000\tO\n",
            [[("H\u1ed9i An", "B-LOC"), ("10 000", "O")]],
            "",
        ),
        # Numbers that count nothing, and a word that is a hash.
        ("1 CD B\n1 CD I\n", [[("1", "B"), ("1", "I")]], ""),
        ("# O\na B\n\n# O\n", [[("#", "O"), ("a", "B")], [("#", "O")]], ""),
        ("a X B-NP\nb Y O\n", [[("a", "B-NP"), ("b", "O")]], ""),
    ],
)
def test_formats(tmp_path, text, expected, assumed):
    sentences, said = read(tmp_path, text)
    assert sentences == expected
    assert bool(said) == bool(assumed)
    assert not said or (assumed in said[0] and str(expected[0][0]) in said[0])


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        (GERMEVAL, ("2", "4"), [("In", "O"), ("Bonn", "O"), ("Eva", "B-LOC")]),
        (
            CONLLU,
            (None, "8"),
            [("Zu", "case"), ("dem", "det"), ("Haus", "root")],
        ),
        ("tag word\nX a\nY b\n", ("word", "tag"), [("a", "X"), ("b", "Y")]),
        ("X a\nY b\n", ("2", "1"), [("a", "X"), ("b", "Y")]),
    ],
)
def test_columns_that_are_given(tmp_path, text, columns, expected):
    word, tag = columns
    sentences, _ = read(tmp_path, text, word_column=word, tag_column=tag)
    assert sentences[0] == expected


@pytest.mark.parametrize("text", [CONLLU, GERMEVAL, "Zu\ndem\nHaus\n"])
def test_words_without_tags(tmp_path, text):
    sentences, _ = read(tmp_path, text, has_tags=False)
    assert all(word == tag for word, tag in sentences[0])


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        (
            "1\ta\tN\tX\tY\n2\tb\tN\tX\tY\n",
            {},
            "Set label_column to its number",
        ),
        ("a X\nb\n", {}, "line 2: expected a word, other columns"),
        ("a X\n", {"tag_column": "ner"}, "has no column 'ner'; its first line"),
        ("a X\n", {"tag_column": "3"}, "line 1: expected 3 columns"),
        ("a X\n", {"tag_column": "0"}, "columns are numbered from 1"),
        ("a X\n", {"word_column": "0"}, "columns are numbered from 1"),
        ("\n \n", {}, "holds no sentence"),
        # An empty line is missing.
        ("1 a X\n2 b X\n\n1 c X\n1 d X\n", {}, r"line 4: .* has \['1', '1'"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path, text, columns, expected):
    with pytest.raises(DataError, match=expected):
        read(tmp_path, text, **columns)


def test_a_file_without_tags_needs_no_column_of_them(tmp_path):
    columns = {"word_column": "word", "tag_column": "ner"}
    sentences, _ = read(tmp_path, "word\na\nb\n", has_tags=False, **columns)
    assert sentences == [[("a", "a"), ("b", "b")]]


@pytest.mark.parametrize(
    "text",
    [
        "0\tHa\tB-X\n1\tan\tO\n\n0\tBo\tB-X\n",  # Words count from 0.
        "7 Ha B-X\n8 an O\n\n9 Bo B-X\n",  # Over sentences.
        "Ha B-X\ran O\r\rBo B-X\r",  # Lines of old end by \r.
        "# id\n# text\nHa\tB-X\nan\tO\n\n# id\n# text\nBo\tB-X\n",
    ],
)
def test_how_sentences_are_written(tmp_path, text):
    sentences, _ = read(tmp_path, text)
    assert sentences == [[("Ha", "B-X"), ("an", "O")], [("Bo", "B-X")]]


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2028", "\x85"])
def test_only_blanks_of_ascii_part_columns(tmp_path, blank):
    text = f"10{blank}000 NUM\nkm NOUN\n"
    assert read(tmp_path, text)[0][0][0] == (f"10{blank}000", "NUM")
    assert read(tmp_path, text, False)[0][0][0][0] == f"10{blank}000"


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "Sentence #",
            ["Sentence: 1,Ha,X,B-X", ",an,Y,O", "Sentence: 2,Bo,Z,O"],
        ),
        ("sent_id", ["0,Ha,X,B-X", "0,an,Y,O", "1,Bo,Z,O"]),
    ],
)
def test_a_column_numbers_the_sentences(tmp_path, name, rows):
    text = "\n".join([f"{name},Word,POS,Tag", *rows])
    sentences, said = read(tmp_path, text, True, "Word", "Tag", usual=",")
    assert sentences == [[("Ha", "B-X"), ("an", "O")], [("Bo", "O")]]
    assert f"column {name!r} is taken to number the sentences" in said[0]


def test_words_without_numbers_may_be_missing_where_columns_are_given(tmp_path):
    text = "1 a X\n2 b X\n\n1 c X\n2-3 d Y\n3 e X\n"
    sentences, _ = read(tmp_path, text, True, "2", "3")
    assert sentences == [[("a", "X"), ("b", "X")], [("c", "X"), ("e", "X")]]


@pytest.mark.parametrize("word", ['""""', '","', '"1,5"'])
def test_quotation_marks_of_csv_between_tabs_are_told(tmp_path, word):
    sentences, said = read(tmp_path, f'a\tX\n{word}\tY\n""\tZ\n')
    assert sentences == [[("a", "X"), (word, "Y"), ('""', "Z")]]
    assert "1 lines have quotation marks as CSV writes them" in said[0]


def test_comments_of_conllu_in_two_columns(tmp_path):
    text = "# newdoc\n# newpar\na X\nb Y\n\n# newpar\na X\n"
    sentences, said = read(tmp_path, text)
    assert sentences == [[("a", "X"), ("b", "Y")], [("a", "X")]]
    assert not said


def test_tags_of_hashes_alone_are_told(tmp_path):
    text = "# Chapter\na X\n# X\n# O\n\n# Chapter\na X\n"
    sentences, (said,) = read(tmp_path, text)
    assert sentences[1] == [("#", "Chapter"), ("a", "X")]
    assert "none but '#' has the tags ['Chapter']" in said


def test_what_is_no_number_of_a_sentence(tmp_path):
    text = "Word,Sent,Sentiment\nHa,X,0\nan,Y,1\n"
    sentences, said = read(tmp_path, text, True, "Word", "Sent", usual=",")
    assert (len(sentences), said) == (1, [])


def test_a_file_of_one_long_sentence_is_told(tmp_path):
    sentences, said = read(tmp_path, "a X\n" * 101)
    assert (len(sentences), len(said)) == (1, 1)
    assert "all of its 101 words are read as one" in said[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Token\tPOS\nHa\tN\nan\tP\n", "seems to name columns"),
        ("text\ttags\nHa an\tB-X O\n", "one word and one tag a line"),
    ],
)
def test_rows_that_are_no_words_are_refused(tmp_path, text, expected):
    with pytest.raises(DataError, match=expected):
        read(tmp_path, text)
