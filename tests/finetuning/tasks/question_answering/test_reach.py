"""Answers that a perfect model would not give are counted by the reason."""

import pytest

from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.question_answering import (
    question_answering,
    reach,
)
from electra_tf.finetuning.tasks.question_answering.passages import (
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.text.tokenization import Tokenizer
from tests.finetuning import questions, sentences

TEXT = "the kingdom of \u200b kings ."


def read_back(tmp_path, answer: str, text: str = TEXT, **changes):
    path = tmp_path / "v.txt"
    tokens = "[PAD] [UNK] [CLS] [SEP] [MASK] the king ##dom ##s of ."
    path.write_text(tokens.replace(" ", "\n"))
    config = sentences.config(
        **{"task_names": ["squad"], "max_seq_length": 32, **changes}
    )
    windows = Windows(Tokenizer(path), config)
    question = Question(
        0, "q", "of", Passage(text), [answer], answer, text.index(answer)
    )
    return reach.Reach(windows, config)(question)


@pytest.mark.parametrize(
    ("answer", "changes", "expected"),
    [
        ("kingdom", {}, (reach.EXACT, "kingdom")),
        ("dom", {}, (reach.EXACT, "dom")),
        ("do", {}, (reach.BORDER, "dom")),
        # Articles and case are not counted by SQuAD's rules.
        ("he kingdom", {}, (reach.BORDER, "the kingdom")),
        ("\u200b", {}, (reach.WITHOUT_PIECES, "")),
        ("the kingdom", {"max_answer_length": 2}, (reach.TOO_LONG, "")),
        ("the kingdom", {"max_answer_length": 3}, (reach.EXACT, "the kingdom")),
        # A window of three pieces holds "kingdom of", but is not the one
        # that has most context for "king".
        (
            "kingdom of",
            {"max_seq_length": 6, "doc_stride": 1},
            (reach.NO_WINDOW, ""),
        ),
    ],
)
def test_one_answer(tmp_path, answer, changes, expected):
    assert read_back(tmp_path, answer, **changes) == expected


def test_a_task_says_what_cannot_be_learnt(tmp_path, monkeypatch):
    content = questions.squad()
    asked = content["data"][0]["paragraphs"][0]["qas"]
    asked[0]["answers"][0]["text"] = "fil"
    questions.write(tmp_path / "train.json", content)
    config = sentences.config(
        task_names=["squad"], raw_data_dir=str(tmp_path), max_seq_length=16
    )
    (task,) = task_table.tasks(config)
    said = task.remark(task.examples("train"), sentences.tokenizer(tmp_path))
    # The third question has no answer.
    assert said == (
        "squad train: 50.0% of 2 answers can be predicted exactly; "
        "1 not on the borders of word pieces"
    )
    monkeypatch.setattr(question_answering, "MOST_READ_BACK", 1)
    said = task.remark(task.examples("train"), sentences.tokenizer(tmp_path))
    assert said.endswith("word pieces (read back was 1 in 2 of 2)")
    (others,) = (q for q in task.examples("train") if q.is_impossible)
    assert task.remark([others], sentences.tokenizer(tmp_path)) == ""


def test_answers_without_blanks_are_told_of(tmp_path, caplog):
    content = questions.squad(with_null=False)
    for asked in content["data"][0]["paragraphs"][0]["qas"]:
        asked["answers"] = [{"text": "北京", "answer_start": 0}]
    questions.write(tmp_path / "dev.json", content)
    for scoring, expected in ("squad", 1), ("characters", 0):
        caplog.clear()
        config = sentences.config(
            task_names=["squad"],
            raw_data_dir=str(tmp_path),
            answer_scoring=scoring,
        )
        task_table.tasks(config)[0].examples("dev")
        assert caplog.text.count("2 of 2 answers are in scripts") == expected
