"""Windows cover the passage, and hold the answer where it is."""

import types

import pytest

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning.tasks.question_answering import windows
from electra_tf.finetuning.tasks.question_answering.passages import (
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import sentences

TEXT = "a very good film . a bad book . films very very good"


def question(text: str, passage: str = TEXT, **answer) -> Question:
    return Question(3, "q", text, Passage(passage), [], **answer)


def cut(folder, length: int, stride: int, places: str = "exact"):
    settings = types.SimpleNamespace(
        max_seq_length=length,
        max_query_length=64,
        doc_stride=stride,
        answer_places=places,
    )
    return windows.Windows(sentences.tokenizer(folder), settings)


@pytest.mark.parametrize("length", [6, 9, 12, 40])
@pytest.mark.parametrize("stride", [1, 3, 30])
def test_every_piece_is_answered_by_one_window(tmp_path, length, stride):
    found = cut(tmp_path, length, stride)(question("good ."))
    answered = []
    for number, window in enumerate(found):
        assert window.eid == 3000 + number
        assert len(window.input_ids) <= length
        assert len(window.input_ids) == window.offset + len(window.answers) + 1
        answered += [
            window.first + place
            for place, answers in enumerate(window.answers)
            if answers
        ]
    # "films" is two pieces.
    assert sorted(answered) == [*range(14)]


@pytest.mark.parametrize("places", ["exact", "released"])
def test_where_the_answer_is(tmp_path, places):
    asked = question("good .", answer="film", begin=TEXT.find("films"))
    for window in cut(tmp_path, 9, 2, places)(asked):
        # Only the first piece of "films", the tenth of all, is the answer.
        place = window.offset + 9 - window.first
        held = window.first <= 9 < window.first + len(window.answers)
        assert [window.start, window.end] == ([place] * 2 if held else [0, 0])


@pytest.mark.parametrize("length", [4, 5, 9])
def test_a_question_leaves_room_for_the_passage(tmp_path, length):
    found = cut(tmp_path, length, 8)(question("very " * 50))
    assert found
    for window in found:
        assert window.answers
        assert len(window.input_ids) <= length


def test_too_many_windows_to_number(tmp_path):
    long = question("good .", passage="a " * 1010)
    with pytest.raises(DataError, match="has 1005 windows; expected at most"):
        cut(tmp_path, 11, 1)(long)


def test_an_empty_passage_has_no_window(tmp_path):
    assert cut(tmp_path, 9, 2)(question("good .", passage=" ")) == []


@pytest.mark.parametrize("task", ["squad", "qa"])
def test_an_input_without_room_for_the_passage_is_refused(tmp_path, task):
    files = {"train_file": "t.json", "dev_file": "d.json"}
    with pytest.raises(ValueError, match="max_seq_length must be at least 4"):
        FinetuningConfig(
            data_dir=".",
            model_name=".",
            task_names=[task],
            max_seq_length=3,
            **(files if task == "qa" else {}),
        )
    with pytest.raises(ValueError, match=r"Raise max_seq_length\. Received: "):
        cut(tmp_path, 3, 2)(question("good ."))
