import logging

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.models.tokenizer import Tokenizer
from tests.models import folders


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return folders.tokenizer(tmp_path_factory.mktemp("vocab"))


def test_one_text_is_one_input_and_a_list_many(tokenizer):
    one = tokenizer("a good film", max_length=8)
    many = tokenizer(["a good film", "bad"], max_length=8)
    for name, values in one.items():
        assert values.shape == (8,) and values.dtype == np.int32
        np.testing.assert_array_equal(values, many[name][0])
    assert one["input_ids"].tolist() == [
        tokenizer.vocab[token]
        for token in ("[CLS]", "a", "good", "film", "[SEP]", *["[PAD]"] * 3)
    ]


@pytest.mark.parametrize(
    "texts",
    [
        np.array(["good", "bad"]),
        np.array(["good", "bad"], object),
        tf.constant(["good", "bad"]),
        ("good", "bad"),
    ],
)
def test_texts_of_other_kinds_are_lists(tokenizer, texts):
    expected = tokenizer(["good", "bad"])
    for name, values in tokenizer(texts).items():
        np.testing.assert_array_equal(values, expected[name])


def test_offsets_are_characters_of_each_text(tokenizer):
    text, pair = "A  good.", "films"
    made = tokenizer(text, pair, max_length=12, offsets=True)
    sources = [text, text, text, text, text, pair, pair, pair]
    found = [
        source[begin:end]
        for source, (begin, end) in zip(
            sources, made["offsets"][: len(sources)].tolist(), strict=True
        )
    ]
    assert found == ["", "A", "good", ".", "", "film", "s", ""]
    assert not made["offsets"][len(sources) :].any()


def test_ids_are_texts_again(tokenizer):
    batch = tokenizer(["A films.", "good"], max_length=9)["input_ids"]
    assert tokenizer.decode(batch) == ["a films .", "good"]
    assert tokenizer.decode(batch[1].tolist()) == "good"


def test_a_mask_is_a_token_where_asked_for(tokenizer):
    text = "a [MASK] film"
    plain = tokenizer(text, max_length=9)["input_ids"]
    assert tokenizer.mask_id not in plain
    made = tokenizer(text, max_length=9, masks=True, offsets=True)
    assert made["input_ids"].tolist()[2] == tokenizer.mask_id
    assert made["offsets"].tolist()[2:4] == [[2, 8], [9, 13]]


def test_what_is_cut_is_told(tokenizer, caplog):
    with caplog.at_level(logging.WARNING):
        made = tokenizer(["a b a b", "a"], max_length=4, padding="longest")
    assert made["input_ids"].shape == (2, 4)
    assert "1 of 2 inputs had more than max_length 4" in caplog.text
    assert "the longest had 6" in caplog.text


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((5,), "texts must be a text or a list of texts"),
        ((["a", 5],), "Received: 5 at place 1"),
        ((["a"], ["b", "c"]), "pairs must be as many texts"),
        (("a", ["b"]), "pairs must be as many texts"),
        (("a", None, 2), "max_length must be more than 2"),
        (("a", "b", 3), "max_length must be more than 3"),
        (("a", None, 8, "short"), "padding must be one of"),
        ((["a", None],), "Received: None at place 1"),
    ],
)
def test_what_is_no_text_is_refused(tokenizer, arguments, message):
    with pytest.raises(UserError, match=message):
        tokenizer(*arguments)


def test_no_texts_are_no_rows(tokenizer):
    assert tokenizer([])["input_ids"].shape == (0, 128)


def test_loading_takes_the_settings_over(model_folder):
    loaded = Tokenizer.load(str(model_folder))
    assert loaded.tokens == folders.VOCAB
    assert loaded.do_lower_case
    with pytest.raises(FileNotFoundError):
        Tokenizer.load(str(model_folder / "nothing"))
