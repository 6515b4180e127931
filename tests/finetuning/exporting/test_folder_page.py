"""The program in an exported folder makes the inputs that predict makes."""

import contextlib
import itertools
import os

import pytest

from electra_tf.conversion.hugging_face_parts import tokenizer as theirs
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.exporting import folder_page
from electra_tf.finetuning.serving import answers
from tests.finetuning import finetuned, sentences

pytest.importorskip("tokenizers")


@contextlib.contextmanager
def at(folder):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def made(tmp_path, name: str, said=(), **settings):
    """What the program defines, and what makes predict's inputs."""
    folder = finetuned.write(tmp_path, name, **settings)
    tuned = finetuned_model.read(finetuned.said_of_tasks(folder, **dict(said)))
    task, target = tuned.task(), tmp_path / "export"
    target.mkdir()
    theirs.write(str(target), tuned.model)
    folder_page.write(str(target), "saved_model", tuned, task, ["logits"])
    code = folder_page.program("saved_model", tuned, task)
    defined: dict = {}
    with at(target):
        exec(code.split("\nasked = ")[0], defined)
    return defined, answers.of(tuned, task)


def test_pairs_of_all_lengths(tmp_path):
    defined, ours = made(tmp_path, "sst", [("has_pairs", None)])
    most = ours.settings.max_seq_length
    for first, second in itertools.product(range(most + 4), repeat=2):
        texts = " ".join(["good"] * first), " ".join(["bad"] * second)
        row = {"text": texts[0], "text_pair": texts[1]}
        (expected,) = ours.inputs(row)
        ids, segments = defined["joined"](*texts)
        assert ids == expected["input_ids"], (first, second)
        assert segments == expected["segment_ids"], (first, second)


@pytest.mark.parametrize(
    "text", ["bad \u039f\u03a3.", "a [MASK] film [SEP]", "", "B\u00c0D"]
)
def test_hard_texts(tmp_path, monkeypatch, text):
    greek = sentences.VOCABULARY.replace("book", "\u03bf\u03c2")
    monkeypatch.setattr(sentences, "VOCABULARY", greek)
    defined, ours = made(tmp_path, "sst")
    assert defined["ids"](text) == ours.tokenizer.encode(text)


@pytest.mark.parametrize("lower", [True, False])
def test_words_to_tag(tmp_path, lower):
    said = {"lower_case_words": lower, "splits_ideographs": False}
    defined, ours = made(tmp_path, "chunk", said.items(), do_lower_case=True)
    # Of the second and the last nothing is left.
    words = ["A", "\u200b", "good", "films\u4e2d\u4e2d", "books.", "\u200b"]
    (expected,) = ours.inputs({"words": words})
    ids, firsts = defined["placed"](words)
    assert ids == expected["input_ids"]
    assert firsts == expected["positions"]
    with pytest.raises(ValueError, match="Cut the sentence"):
        defined["placed"](["good"] * (ours.settings.max_seq_length - 1))
    defined["placed"](["good"] * (ours.settings.max_seq_length - 2))


def test_questions(tmp_path):
    defined, ours = made(tmp_path, "squad", max_query_length=14)
    # All that fits into 16 tokens: from 13 on a question is cut to 6.
    for asked, length in ((1, 12), (9, 4), (12, 1), (13, 7), (20, 7)):
        row = {
            "question": " ".join(["good"] * asked),
            "context": " ".join(["bad"] * length),
        }
        (expected,) = ours.inputs(row)
        ids, segments = defined["joined"](*row.values())
        assert ids == expected["input_ids"], (asked, length)
        assert segments == expected["segment_ids"]
        with pytest.raises(ValueError, match="Cut the passage"):
            defined["joined"](row["question"], f"{row['context']} bad")
