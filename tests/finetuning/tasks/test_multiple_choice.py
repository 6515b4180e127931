"""Questions with choices: what files say, what the network gets, scores."""

import json

import numpy as np
import pytest

from electra_tf.errors import UserError
from electra_tf.finetuning import error_analysis, inputs
from electra_tf.finetuning.error_analysis import Evaluated
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.multiple_choice import choices
from electra_tf.finetuning.tasks.multiple_choice.choices import Example
from electra_tf.finetuning.tasks.task import DataError, Source
from tests.finetuning import own, sentences

LISTS = {
    "text_column": "text",
    "choice_columns": "choices",
    "label_column": "label",
}
COLUMNS = {**LISTS, "choice_columns": "c0, c1, c2"}


def rows(*labels, choices=("good", "bad", "very"), **more) -> str:
    """JSON lines with a label each."""
    return "\n".join(
        json.dumps({"text": "a", "choices": choices, "label": label, **more})
        for label in labels
    )


def read(folder, train: str, dev: str | None = None, **settings):
    made = own.task(
        folder, "multiple_choice", "jsonl", train, dev, **{**LISTS, **settings}
    )
    return made.examples("train" if dev is None else "dev")


@pytest.mark.parametrize(
    ("labels", "expected", "names"),
    [
        ([0, 1, 2], [1, 2, 3], "012"),
        ([1, 2, 3], [1, 2, 3], "123"),
        (["1", 3.0], [1, 3], "123"),
        (["A", "c", " b"], [1, 3, 2], "ABC"),
        (["A", 0], [1, 1], "012"),
        ([" 1", "3 "], [1, 3], "123"),
        (["01", "3.0"], [1, 3], "123"),
        (["\u0660", "\u0662"], [1, 3], "012"),  # Arabic 0 and 2.
    ],
)
def test_labels_are_numbers_or_letters(tmp_path, labels, expected, names):
    found = read(tmp_path, rows(*labels))
    assert [example.label for example in found] == expected
    assert {example.names for example in found} == {tuple(names)}


def test_where_labels_begin_is_known_from_training_or_asked(tmp_path):
    found = read(tmp_path, rows(0, 1), rows(1, 2))
    assert [example.label for example in found] == [2, 3]
    neither = "neither 0 nor the number of a last choice"
    for labels, seen in (
        ([1, 2], neither),
        (["9" * 5000, 1], neither),
        ([0, 3], "both 0 and 3, where the choices are 3"),
    ):
        with pytest.raises(DataError, match=seen):
            read(tmp_path, rows(*labels))
    found = read(tmp_path, rows(1, 2), first_choice=1)
    assert [example.label for example in found] == [1, 2]


@pytest.mark.parametrize(
    "choices",
    [
        {"label": ["x", "y", "1"], "text": ["good", "bad", "very"]},
        {"x": "good", "y": "bad", "1": "very"},
        [
            {"label": name, "text": text}
            for name, text in zip("xy1", ("good", "bad", "very"), strict=True)
        ],
        '{"x": "good", "y": "bad", "1": "very"}',
        {"x": "good", "y ": "bad", " 1": "very"},
    ],
)
def test_choices_may_have_names(tmp_path, choices):
    found = read(tmp_path, rows("y", 1, choices=choices))
    assert found[0].choices == ("good", "bad", "very")
    assert [example.label for example in found] == [2, 3]


def test_questions_that_were_learnt_are_told(tmp_path, capsys):
    made = own.task(
        tmp_path, "multiple_choice", "jsonl", rows(0, 2), rows(1), **LISTS
    )
    assert made.examples("train") and made.examples("dev")
    assert "1 of 1 examples are in the training" in capsys.readouterr().err


def test_labels_that_are_texts_of_choices_are_doubted(tmp_path, capsys):
    one, other = (
        rows(label, choices=choices)
        for label, choices in (("A", ["B", "A", "C"]), ("B", ["A", "B", "C"]))
    )
    with pytest.raises(DataError, match="of 2 labels 1 are the text of a ch"):
        read(tmp_path, f"{one}\n{other}")
    found = read(tmp_path, "\n".join((one, other, rows("C"))))
    assert [example.label for example in found] == [1, 2, 3]
    assert "they are read as names" in capsys.readouterr().err


@pytest.mark.parametrize("gap", ["_", "___", "\uff3f\uff3f"])
def test_a_choice_fills_a_gap_in_any_script(gap):
    for before, after in (
        ("a ", "."),
        ("\uff08", "\u3002"),
        ("\ub294 ", "\ub2c8"),
    ):
        for letter in ("", "\u662f", "\u0e17\u0e35\u0e48"):
            question = f"{before}{letter}{gap}{after}"
            filled = question.replace(gap, "x")
            assert choices.second_text(question, "x") == filled
    assert choices.second_text("a_b?", "x") == "a_b? x"


def test_objects_need_no_labels(tmp_path):
    choices = [{"text": "good"}, {"text": "bad", "label": None}]
    found = read(tmp_path, rows(1, 2, choices=choices))
    assert [example.label for example in found] == [1, 2]
    named = [{"text": "good", "label": "A"}, {"text": "bad"}]
    with pytest.raises(DataError, match="choices must be a list of texts"):
        read(tmp_path, rows("A", choices=named))


def test_ids_that_come_twice_are_told_once(tmp_path, capsys):
    assert len(read(tmp_path, rows(0, 1, id="q7") + "\n" + rows(2))) == 3
    said = capsys.readouterr().err
    assert said.count("1 ids come more than once, 'q7' for instance") == 1
    read(tmp_path, rows(0, 1, id=None) + "\n" + rows(2, id="q8"))
    assert "more than once" not in capsys.readouterr().err


def test_columns_of_a_csv_and_fewer_choices(tmp_path, capsys):
    table = "text,q,c0,c1,c2,label\na,b?,good,bad,very,C\na,b?,good,good,,A\n"
    made = own.task(
        tmp_path,
        "multiple_choice",
        "csv",
        table,
        **{**COLUMNS, "text_pair_column": "q"},
    )
    first, second = made.examples("train")
    assert first == Example(
        0, "a", "b?", ("good", "bad", "very"), 3, ("A", "B", "C")
    )
    assert second.choices == ("good", "good")
    said = capsys.readouterr().err
    assert "2 examples; choices: 1 of 2, 1 of 3; right: 1 A (50.0%)" in said
    assert "1 with two equal choices" in said
    assert "right 'very'" in said


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"label": 3},
            "label '3' names none of the choices, which are 0, 1, 2",
        ),
        ({"label": "good"}, "label 'good' names none"),
        ({"label": "D"}, "label 'D' names none"),
        ({"label": None}, "nothing in column 'label'"),
        ({"choices": ["good"]}, "must have at least 2 choices"),
        ({"choices": []}, "choices must be a list of texts"),
        ({"choices": ["good", ""]}, "choices must be a list of texts"),
        ({"choices": "good"}, "choices must be a list of texts"),
        ({"choices": None}, "nothing in column 'choices'"),
        ({"choices": {"label": ["A"], "text": ["a", "b"]}}, "2 choices with 1"),
        ({"text": ""}, "nothing in column 'text'"),
    ],
)
def test_bad_rows(tmp_path, row, message, capsys):
    good = rows(0, 1)
    values = {**json.loads(good.splitlines()[0]), **row}
    bad = f"{good}\n{json.dumps(values)}"
    with pytest.raises(DataError, match=f"dev_file.jsonl, line 3: .*{message}"):
        read(tmp_path, good, bad)
    assert len(read(tmp_path, good, bad, skip_bad_rows=True)) == 2
    assert "1 of 3 rows are left out" in capsys.readouterr().err


def test_an_empty_choice_before_another_is_no_end(tmp_path):
    table = "text,c0,c1,c2,label\na,good,,very,A\n"
    made = own.task(tmp_path, "multiple_choice", "csv", table, **COLUMNS)
    with pytest.raises(DataError, match="nothing in column 'c1'"):
        made.examples("train")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"choice_columns": None}, "needs choice_columns"),
        ({"choice_columns": "a,,b"}, "choice_columns must be names"),
        ({"choice_columns": "a,a"}, "choice_columns must not repeat"),
        ({"choice_columns": "text,b"}, "choice_columns must differ"),
        ({"first_choice": 2}, "first_choice must be 0 or 1"),
        ({"label_names": "a,b"}, "label_names has no meaning"),
        ({"task_names": ["classification"]}, "belongs to the task"),
    ],
)
def test_settings(settings, message):
    given = {"task_names": ["multiple_choice"], "train_file": "x", **LISTS}
    with pytest.raises(UserError, match=message):
        sentences.config(**{**given, "dev_file": "x", **settings})


EXAMPLES = [
    Example(0, "a film", "it is _ .", ("good", "very good"), 2, ("0", "1")),
    Example(1, "a book", "film?", ("good", "bad", "a"), 1, ("0", "1", "2")),
    Example(2, "a book", None, ("good", "bad"), 0, ("0", "1")),
]


@pytest.fixture
def task(tmp_path):
    folder = str(tmp_path / "data")  # Of the cache of examples.
    config = sentences.config(data_dir=folder, task_names=["copa"])
    return task_table.tasks(config)[0]


def test_the_choices_of_a_question_stay_together(task, tmp_path):
    tokenizer = sentences.tokenizer(tmp_path)
    made = inputs.make([task], {"copa": EXAMPLES}, tokenizer, 2)
    assert (made.num_real, len(made), made.most_inputs) == (3, 4, 3)
    assert made.lengths.tolist() == [10, 8, 6, 0]
    first, second = [
        *inputs.batches(
            made, np.array([[0, 2], [1, 3]]), None, 16
        ).as_numpy_iterator()
    ]
    assert first["copa_choice"].tolist() == [1, 2, 0, 1, 2, 0]
    assert first["copa_eid"].tolist() == [0, 0, 0, 2, 2, 0]
    assert second["copa_choice"].tolist() == [1, 2, 3, 0, 0, 0]
    assert first["task_id"].tolist() == [0, 0, 1, 0, 0, 1]
    words = [tokenizer.tokens[i] for i in first["input_ids"][1] if i]
    expected = "[CLS] a film [SEP] [UNK] [UNK] very good . [SEP]"
    assert words == expected.split()
    found = inputs.widths(made, np.array([[0, 2], [1, 3]]), None, 16)
    assert found.ravel().tolist() == [10, 8]
    said = inputs.described(made, 0, tokenizer)
    assert said.count("[CLS]") == 2


OUTPUTS = {
    "eid": np.array([0, 0, 1, 1, 1]),
    "choice": np.array([1, 2, 1, 2, 3]),
    "logits": np.array([0.0, np.log(3.0), 0.0, 2.0, 1.0]),
    "label_ids": np.array([2, 2, 1, 1, 1]),
    "loss": np.array([0.0, 0.25, 2.0, 0.0, 0.0]),
}


def test_scores_and_predictions_are_of_questions(task, tmp_path):
    source = Source(EXAMPLES[:2], None)
    assert task.score(OUTPUTS, source) == {"accuracy": 50.0, "loss": 1.125}
    first, second = task.predictions(OUTPUTS, source)
    assert first[:2] == (0, "1") and second[:2] == (1, "1")
    assert first[2] == pytest.approx([0.25, 0.75])
    expected = (np.log(2) + np.log(3)) / 2
    assert task.constant_loss(EXAMPLES[:2]) == pytest.approx(expected)
    evaluated = Evaluated(task, OUTPUTS, source, None)
    confusion, errors = error_analysis.sections(evaluated)
    assert error_analysis.confused(evaluated).counts[0] == [0, 1, 0]
    assert "| A | 0 | 1 | 0 |" in confusion
    assert "| 2.00 | good | bad | a book ‖ film? |" in errors


def test_the_head_is_a_softmax_over_each_question(task):
    from electra_tf.encoder import EncoderOutput
    from electra_tf.finetuning.model import head_of

    head = head_of(task, 4)
    draw = np.random.default_rng(0).normal
    vectors = np.float32(draw(size=(6, 1, 4)))
    features = {
        "copa_eid": np.array([0, 0, 0, 7, 7, 0]),
        "copa_choice": np.array([1, 2, 3, 1, 2, 0]),
        "copa_label_ids": np.array([2, 2, 2, 1, 1, 0]),
    }
    outputs = head(
        EncoderOutput(vectors, vectors[:, 0], None, (), ()), features
    )
    logits = np.array(outputs["logits"], np.float64)
    losses = np.array(outputs["loss"])
    first, second = np.exp(logits[:3]), np.exp(logits[3:5])
    expected = np.zeros(6)
    expected[1] = -np.log(first[1] / first.sum())
    expected[3] = -np.log(second[0] / second.sum())
    np.testing.assert_allclose(losses, expected, atol=1e-5)


def test_a_batch_is_not_cut_within_a_question(tmp_path):
    from electra_tf.finetuning.finetuner import Finetuner

    config = sentences.config(
        data_dir=str(tmp_path),
        task_names=["copa"],
        accumulation_steps=4,
        train_batch_size=4,
        distribution_strategy="mirrored",
        logical_cpus=2,
    )
    with pytest.raises(UserError, match="Received: 2 questions and 4"):
        Finetuner(
            config,
            task_table.tasks(config),
            sentences.tokenizer(tmp_path),
            {("copa", "train"): EXAMPLES[:2]},
        )
