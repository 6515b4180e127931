"""The table of languages, on a few sentences of two."""

import random

import pytest

from benchmarks import languages
from benchmarks.tag_oracle import Tagged, TagOracle, tagged
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS

SENTENCES = {
    "de": "Der König ging {} mal über die alte Brücke, und niemand sah ihn.",
    "th": "ประเทศไทยมี{}จังหวัด กรุงเทพมหานครเป็นเมืองหลวง",
}


def test_the_table(tmp_path, capsys):
    for language, sentence in SENTENCES.items():
        documents = [
            "\n".join(sentence.format(10 * d + n) for n in range(12))
            for d in range(30)
        ]
        (tmp_path / f"{language}.txt").write_text("\n\n".join(documents))
    languages.main([str(tmp_path), "--vocab_size=300"])
    _, head, _, *rows, _ = capsys.readouterr().out.splitlines()
    assert head.count("|") == len(languages.COLUMNS) + 1
    assert [row.split(" | ")[0] for row in rows] == ["| de", "| th"]
    de = [cell.strip() for cell in rows[0].strip("|").split(" | ")]
    found = dict(zip(languages.COLUMNS, de, strict=True))
    assert found["[UNK]"] == "0.00% / 0.00%"
    for column in ("answers", "answers, other offsets", "tags of words"):
        assert found[column] == "100.00 / 100.00"
    assert float(found["near duplicates found"].rstrip("%")) > 0


def tokenizer(tmp_path) -> Tokenizer:
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join([*SPECIAL_TOKENS, *"abc", "##b"]), "utf-8")
    return Tokenizer(path)


# From "a" to "c" and at "b"; a word of [UNK] and one without pieces.
TEXT = "a xx \u200b ab c"
PLACES = [(0, 1), (2, 4), (5, 6), (7, 9), (10, 11)]


@pytest.mark.parametrize(
    ("tags", "of_words", "of_text"),
    [
        ("B-LOC I-LOC O O B-PER", 100, 100),
        # A word of which the tokenizer keeps nothing is none in running text.
        ("O O B-LOC O B-PER", 100, 100 * 2 / 3),
        ("O B-LOC I-LOC I-LOC O", 100, 100),
    ],
)
def test_tags_that_come_back(tmp_path, tags, of_words, of_text):
    sentence = Tagged(TEXT, PLACES, tags.split())
    oracle = TagOracle([sentence], tokenizer(tmp_path), tmp_path)
    assert oracle.of_words() == pytest.approx(of_words)
    assert oracle.of_text() == pytest.approx(of_text)


def test_random_spans_begin_with_b():
    places = languages.word_places("a bb, c d." * 50)
    sentence = tagged("a bb, c d." * 50, places, random.Random(1))
    assert len(sentence.tags) == len(places)
    assert {"O", "B-LOC", "I-LOC"} < {*sentence.tags}
    for before, tag in zip(["O", *sentence.tags], sentence.tags, strict=False):
        assert not tag.startswith("I") or before[2:] == tag[2:]
