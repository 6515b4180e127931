"""Why words are unknown, and what helps."""

import numpy as np
import pytest

from electra_tf.text import unknown
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.unknown import Counts
from electra_tf.text.vocabulary import SPECIAL_TOKENS


def tokenizer(tmp_path, tokens: str, **settings) -> Tokenizer:
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join([*SPECIAL_TOKENS, *tokens.split()]), "utf-8")
    return Tokenizer(path, **settings)


CASED = {"do_lower_case": False}


@pytest.mark.parametrize(
    ("tokens", "text", "settings", "reason", "remedy"),
    [
        ("a b C D", "C D", {}, "2 of 4 tokens of", "--nodo_lower_case"),
        ("a b", "A B", CASED, "No token of the voc", "--do_lower_case"),
        ("a b C", "A", CASED, "with other capitals", "--do_lower_case"),
        ("\u0440\u043e \u0436", "\u0451", {}, "lacks, such as", "build_vocab"),
        ("\u00e9 \u00fc", "\u00e9", {}, "and they are removed", "--nostrip"),
        (
            "e u",
            "\u00e9",
            {"strip_accents": False},
            "known without accents, such as '\u00e9'",
            "--strip_accents",
        ),
        ("\u4e2d\u6587 a", "\u4e2d\u6587", {}, "cut at each", "--notokenize"),
        (
            "\u4e2d \u6587",
            "\u4e2d\u6587",
            {"tokenize_chinese_chars": False},
            "cut at each Chinese character, such as '\u4e2d\u6587'",
            "Set --tokenize_chinese_chars",
        ),
        ("a b", "ab", {}, "that no pieces of the vocabulary", "build_vocab"),
        (
            "a ##a",
            "a" * 500,
            {"max_input_chars_per_word": 300},
            f"longer than max_input_chars_per_word, such as '{'a' * 30}'...",
            "--max_input_chars_per_word (here 300)",
        ),
    ],
)
def test_reasons(tmp_path, tokens, text, settings, reason, remedy):
    made = tokenizer(tmp_path, tokens, **settings)
    ids = made.encode(text)
    assert set(ids) == {made.unk_id}
    counts = unknown.counts_of([made.cls_id, *ids, made.sep_id, 0], made)
    assert counts == (len(ids), len(ids))
    told, warning = unknown.report(counts, made, "in it")
    are = "token is" if len(ids) == 1 else "tokens are"
    assert told == f"{len(ids)} {are} [UNK], 100.00% of those in it"
    assert reason in warning
    assert remedy in warning


def test_several_reasons_are_told_the_most_frequent_first(tmp_path):
    made = tokenizer(tmp_path, "a ##a")
    made.encode("x y z " + "a" * 201)
    first, second = unknown.reasons(made, made.pieces.unknown_words)
    assert first.startswith("3 of 4 different words that are [UNK] have chara")
    assert second.startswith("1 of 4 different words that are [UNK] are longer")


def test_a_few_are_told_without_a_warning(tmp_path):
    made = tokenizer(tmp_path, "a")
    (line,) = unknown.report(Counts(1000, 9), made, "here")
    assert line == "9 tokens are [UNK], 0.90% of those here"
    assert unknown.counts_of(np.zeros(0, int), made).share == 0


def test_a_vocabulary_of_other_settings_is_told_though_all_is_known(tmp_path):
    made = tokenizer(tmp_path, "e \u00e9 ##\u00fc u ##u")
    _, warning = unknown.report(Counts(100, 0), made, "here")
    assert warning.startswith("Warning: 2 of 5 tokens of the vocabulary have")
    assert warning.endswith("from the text. Set --nostrip_accents.")
    # Without letters there are no capitals.
    made = tokenizer(tmp_path, "\u4e2d", do_lower_case=False)
    assert len(unknown.report(Counts(100, 0), made, "here")) == 1


def test_the_words_that_are_remembered_are_few(tmp_path):
    made = tokenizer(tmp_path, "a")
    made.encode(" ".join(f"x{number}" for number in range(5000)))
    assert len(made.pieces.unknown_words) == 1000
