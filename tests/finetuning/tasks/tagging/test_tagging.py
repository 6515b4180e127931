"""Sentences of tagged words: reading, cutting, scoring."""

import types

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config
from electra_tf.finetuning import evaluation, inputs
from electra_tf.finetuning.finetuned_model import FinetunedTask
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.outputs import Predictor
from electra_tf.finetuning.serving.tag_answers import TagAnswers
from electra_tf.finetuning.tasks import metrics, task_table
from electra_tf.finetuning.tasks.tagging import tag_schemes
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import SPECIAL_TOKENS
from tests.finetuning import sentences

TEXT = "good JJ B-NP\nfilms NN I-NP\n. . O\n"


def chunking(folder, text: str, **changes):
    """Return the task whose training set is a text."""
    (folder / "train.txt").write_text(text)
    config = sentences.config(
        task_names=["chunk"], raw_data_dir=str(folder), **changes
    )
    return task_table.tasks(config)[0]


def test_the_last_sentence_needs_no_empty_line(tmp_path):
    text = "-DOCSTART- -X- O\n\n" + TEXT + "\n\n" + TEXT
    task = chunking(tmp_path, text)
    assert [s.words for s in task.examples("train")] == [
        ["good", "films", "."]
    ] * 2
    assert task.labels == ("B-NP", "E-NP", "O")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("good JJ B-NP\nfilm\n", "train.txt, line 2: expected a word"),
        ("good JJ X-NP\n", "train.txt, line 1: 'X-NP' is no tag"),
        ("\n", "holds no sentence"),
    ],
)
def test_lines_that_cannot_be_used(tmp_path, text, expected):
    with pytest.raises(DataError, match=expected):
        chunking(tmp_path, text).examples("train")


def features(folder, words: list[str], **changes) -> dict:
    text = "".join(f"{word} X S-{n}\n" for n, word in enumerate(words))
    task = chunking(folder, text, **changes)
    tokenizer = sentences.tokenizer(folder)
    (row,) = task.features(task.examples("train"), tokenizer)
    row["tags"] = [task.labels[i] for i in row["chunk_labels"]]
    row["tokens"] = [tokenizer.tokens[i] for i in row["input_ids"]]
    return row


def test_words_are_labelled_at_their_first_piece(tmp_path):
    row = features(tmp_path, ["Films", "a", "[CLS]", "bad"])
    assert row["tokens"] == (
        ["[CLS]", "film", "##s", "a", *["[UNK]"] * 3, "bad", "[SEP]"]
    )
    assert row["chunk_labeled_positions"] == [1, 3, 4, 7]
    assert row["tags"] == ["S-0", "S-1", "S-2", "S-3"]


def test_released_tagging_shifts_labels(tmp_path):
    words = ["films", "[CLS]", "bad"]
    row = features(tmp_path, words, released_tagging=True)
    assert row["tokens"][3:5] == ["[CLS]", "bad"]
    assert row["chunk_labeled_positions"] == [1, 4]
    assert row["tags"] == ["S-0", "S-1", "S-2"]


@pytest.mark.parametrize("length", range(3, 12))
def test_as_many_words_are_kept_as_fit(tmp_path, length):
    row = features(tmp_path, ["films"] * 4, max_seq_length=length)
    assert len(row["input_ids"]) == min(length, 10)
    assert row["tokens"][-1] == "[SEP]"
    assert row["chunk_labeled_positions"] == [
        p for p in (1, 3, 5, 7) if p < length - 1
    ]
    assert len(row["tags"]) == len(row["chunk_labeled_positions"])


def test_released_tagging_cuts_early(tmp_path):
    row = features(
        tmp_path, ["a"] * 6, max_seq_length=12, released_tagging=True
    )
    assert row["tokens"] == ["[CLS]", "a", "a", "a", "[SEP]"]
    assert len(row["tags"]) == 6


@pytest.mark.parametrize("length", range(3, 9))
def test_words_of_nothing_have_a_place_of_their_own(tmp_path, length):
    words = ["\u200d", "a", "\ufeff", "bad", "\u0301"]
    row = features(tmp_path, words, max_seq_length=length)
    kept = ["[UNK]", "a", "[UNK]", "bad", "[UNK]"][: length - 2]
    assert row["tokens"] == ["[CLS]", *kept, "[SEP]"]
    assert row["chunk_labeled_positions"] == [1, 2, 3, 4, 5][: length - 2]
    assert row["tags"] == [f"S-{n}" for n in range(len(kept))]
    assert row["bare"] == 3


def test_released_tagging_labels_words_of_nothing_at_what_follows(tmp_path):
    words = ["a", "\u200d", "bad", "\ufeff"]
    row = features(tmp_path, words, released_tagging=True)
    assert row["tokens"] == ["[CLS]", "a", "bad", "[SEP]"]
    assert row["chunk_labeled_positions"] == [1, 2, 2, 3]


def test_words_of_nothing_are_told_and_predicted_as_learnt(tmp_path, capsys):
    task = chunking(tmp_path, "a X B-NP\n\u200d X O\nbad X O\n\ufeff X O\n")
    tokenizer, examples = sentences.tokenizer(tmp_path), task.examples("train")
    made = inputs.make([task], {"chunk": examples}, tokenizer, 2)
    inputs.print_losses(made, tokenizer, "to train on", "max_seq_length")
    said = capsys.readouterr().err
    assert "2 words to train on are nothing but characters that" in said
    settings = types.SimpleNamespace(max_seq_length=16)
    answers = TagAnswers(FinetunedTask.of(task), settings, tokenizer)
    (found,) = answers.inputs({"words": examples[0].words})
    assert found["input_ids"] == made.columns["input_ids"].example(0)
    assert found["positions"] == [1, 2, 3, 4]


def test_a_label_is_of_the_vector_at_its_position(tmp_path):
    """Outputs come in the order of sentences, whatever their lengths."""
    text = "\n".join(["a X B-NP\n" * n for n in (1, 12, 3, 9, 2)])
    task = chunking(tmp_path, text + "\nbad X O\n")
    tokenizer = sentences.tokenizer(tmp_path)
    examples = task.examples("train")
    split = inputs.make([task], {"chunk": examples}, tokenizer, 2)
    model = FinetuningModel(encoder_config(task.config), [task])
    predict = Predictor(model, task, tf.distribute.get_strategy(), None, 16)
    outputs = predict(split, 2)
    lengths = [len(sentence.words) for sentence in examples]
    assert outputs["labels_mask"].sum(axis=1).tolist() == lengths
    assert outputs["logits"].shape[:2] == outputs["predictions"].shape
    written = task.predictions(outputs)
    assert [len(text.split()) for _, text, _ in written] == lengths
    assert set(task.score(outputs)) == {"f1", "precision", "recall", "loss"}


def test_padding_does_not_hide_a_failure():
    outputs = {
        "predictions": np.array([[1, 1, 0], [1, 0, 2]]),
        "label_ids": np.array([[1, 0, 0], [2, 0, 0]]),
        "labels_mask": np.array([[1.0, 1, 0], [1, 0, 0]]),
        "loss": np.array([3.0, 1.5]),
    }
    assert evaluation.failure(outputs, {}).startswith("it predicts the same")
    assert metrics.word_loss(outputs) == 1.5
    assert metrics.word_loss(outputs, released=True) == 3.0


def test_other_tags_are_refused():
    with pytest.raises(ValueError, match="'NP' is no tag; expected O, or"):
        tag_schemes.decoded(["NP"])


def ideographs(tmp_path) -> Tokenizer:
    """A vocabulary of single ideographs, as a build learns one."""
    path = tmp_path / "ideographs.txt"
    path.write_text("\n".join([*SPECIAL_TOKENS, *"老师今天a"]), "utf-8")
    return Tokenizer(path)


@pytest.mark.parametrize("released", [False, True])
def test_words_of_several_ideographs(tmp_path, released):
    text = "老师 X B-NP\na X O\n今天 X B-NP\n"
    task = chunking(tmp_path, text, released_tagging=released)
    tokenizer = ideographs(tmp_path)
    (row,) = task.features(task.examples("train"), tokenizer)
    tokens = [tokenizer.tokens[number] for number in row["input_ids"]]
    pieces = ["[UNK]", "a", "[UNK]"] if released else [*"老师a今天"]
    assert tokens == ["[CLS]", *pieces, "[SEP]"]
    firsts = [1, 2, 3] if released else [1, 3, 4]
    assert row["chunk_labeled_positions"] == firsts


def test_ideographs_are_cut_in_predictions_as_they_were_learnt(tmp_path):
    task = chunking(tmp_path, "老师 X B-NP\na X O\n")
    tokenizer, row = ideographs(tmp_path), {"words": ["老师", "a"]}
    settings = types.SimpleNamespace(max_seq_length=16)
    learnt = FinetunedTask.of(task)
    (made,) = TagAnswers(learnt, settings, tokenizer).inputs(row)
    (expected,) = task.features(task.examples("train"), tokenizer)
    assert made["input_ids"] == expected["input_ids"]
    once = FinetunedTask.from_json(
        {k: v for k, v in learnt.to_json().items() if k != "splits_ideographs"}
    )
    (made,) = TagAnswers(once, settings, tokenizer).inputs(row)
    assert made["input_ids"].count(tokenizer.unk_id) == 1
