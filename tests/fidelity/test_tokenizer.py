"""Family E: the tokenizer's goldens."""

import json

import pytest

from electra_tf.text.tokenization import BasicTokenizer, Tokenizer
from electra_tf.text.vocabulary import load_vocabulary
from tests.plain_wordpiece import PlainTokenizer

FILES = (
    "E_tokenizer.json",
    "E_basic_tokenizer.json",
    "E_vocab_loading.json",
)


@pytest.fixture(scope="module")
def family(goldens):
    if not all((goldens / name).exists() for name in FILES):
        pytest.skip("no goldens of family E")
    return {
        name: json.loads((goldens / name).read_text("utf-8")) for name in FILES
    }


def expected_cases(family):
    """Yield (settings, ids of every string) of each case."""
    by_settings = {}
    for case in family["E_tokenizer.json"]["cases"]:
        ids = case.get("ids")
        key = (case["vocab"], case["do_lower_case"], case["strip_accents"])
        if ids is None:
            ids = by_settings[(case["vocab"], *_settings(case["ids_same_as"]))]
        by_settings[key] = ids
        yield key, ids, case.get("tokens")


def _settings(text):
    values = [part.split("=")[1] for part in text.split(", ")]
    return tuple(value == "true" for value in values)


def test_ids_and_tokens(family, goldens):
    strings = family["E_tokenizer.json"]["strings"]
    for (vocab, lower, strip), all_ids, all_tokens in expected_cases(family):
        tokenizer = Tokenizer(goldens / vocab, lower, strip)
        found = [tokenizer.encode(text) for text in strings]
        assert found == all_ids
        if all_tokens is not None:
            assert [tokenizer.tokenize(t) for t in strings] == all_tokens


def test_the_plain_rules_of_the_other_tests(family, goldens):
    strings = family["E_tokenizer.json"]["strings"]
    for (vocab, lower, strip), all_ids, _ in expected_cases(family):
        known = load_vocabulary((goldens / vocab).read_bytes())
        plain = PlainTokenizer(known, lower, strip)
        assert [plain.encode(text) for text in strings] == all_ids


def test_basic_tokens(family):
    strings = family["E_tokenizer.json"]["strings"]
    expected = family["E_basic_tokenizer.json"]["basic_tokens"]
    for text, by_settings in zip(strings, expected, strict=True):
        for digits, words in by_settings.items():
            lower, strip = (digit == "1" for digit in digits)
            assert BasicTokenizer(lower, strip).words(text) == words, text


def test_vocabulary_loading(family):
    case = family["E_vocab_loading.json"]
    vocab = load_vocabulary(case["file_text"].encode("utf-8"))
    assert list(vocab.items()) == [tuple(pair) for pair in case["vocab"]]
