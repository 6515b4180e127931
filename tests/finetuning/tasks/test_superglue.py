"""Tasks of SuperGLUE, SWAG and RACE, in the files of their downloads."""

import json

import pytest

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.task import DataError, Source
from tests.finetuning import sentences

BOOLQ = {"question": "is it good", "passage": "A film.", "idx": 3}
CB = {"premise": "a film", "hypothesis": "good", "idx": 0}
WIC = {
    "word": "play",
    "sentence1": "Play it.",
    "sentence2": "A good play",
    **{"start1": 0, "end1": 4, "start2": 7, "end2": 11},
    **{"idx": 1, "version": 1.1},
}
COPA = {
    "premise": "It fell.",
    "choice1": "good",
    "choice2": "bad",
    "question": "effect",
    "idx": 5,
}


@pytest.fixture
def task(tmp_path):
    """Writes lines as a split, and returns the task."""

    def make(name: str, *rows: dict, split: str = "train", **settings):
        folder = tmp_path / "finetuning_data" / name
        folder.mkdir(parents=True, exist_ok=True)
        lines = "\n".join(json.dumps(row) for row in rows)
        (folder / f"{split}.jsonl").write_text(lines)
        config = sentences.config(
            task_names=[name], data_dir=str(tmp_path), **settings
        )
        return task_table.tasks(config)[0]

    return make


@pytest.mark.parametrize(
    ("name", "row", "label", "expected"),
    [
        ("boolq", BOOLQ, True, (3, "is it good", "A film.", 1)),
        ("cb", CB, "entailment", (0, "a film", "good", 1)),
        ("wic", WIC, False, (1, '" Play " it.', 'A good " play "', 0)),
        (
            "copa",
            COPA,
            1,
            (
                *(5, "It fell. What happened as a result?", None),
                *(("good", "bad"), 2, ("0", "1"), ""),
            ),
        ),
    ],
)
def test_rows(task, name, row, label, expected):
    (example,) = task(name, {**row, "label": label}).examples("train")
    assert tuple(example) == expected
    (example,) = task(name, row, split="test").examples("test")
    assert example.eid == row["idx"]
    with pytest.raises(DataError, match=r"train.jsonl, line 1: unknown label"):
        task(name, {**row, "label": "good"}).examples("train")
    with pytest.raises(FileNotFoundError, match=r"super\.gluebenchmark.com"):
        task(name, row).examples("dev")


def test_places_of_words_are_checked(task):
    wrong = {**WIC, "end2": 12, "label": True}
    with pytest.raises(DataError, match="places in sentence2; received 7 and"):
        task("wic", wrong).examples("train")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "why"}, "must hold cause or effect; received 'why'"),
        ({"choice2": ""}, "nothing in column 'choice2'"),
    ],
)
def test_bad_rows_of_copa(task, row, message):
    with pytest.raises(DataError, match=message):
        task("copa", {**COPA, "label": 0, **row}).examples("train")


def test_numbers_of_questions_do_not_repeat(task):
    with pytest.raises(DataError, match="two rows have the same idx"):
        task("copa", *[{**COPA, "label": 0}] * 2).examples("train")


def test_files_for_the_site(task):
    import numpy as np

    made = task("copa", COPA, split="test")
    outputs = {
        "eid": np.array([5, 5]),
        "choice": np.array([1, 2]),
        "logits": np.array([0.0, 1.0]),
        "label_ids": np.array([0, 0]),
        "loss": np.zeros(2),
    }
    source = Source(made.examples("test"), None)
    found = made.submission("test", outputs, source)
    assert found == {"COPA.jsonl": '{"idx": 5, "label": 1}\n'}
    made = task("boolq", BOOLQ)
    outputs = {
        "eid": np.array([3]),
        "predictions": np.array([1]),
        "logits": np.array([[0.0, 1.0]]),
    }
    found = made.submission("test", outputs, None)
    assert found == {"BoolQ.jsonl": '{"idx": 3, "label": "true"}\n'}


def test_swag(task, tmp_path):
    made = task("swag")
    header = ",video-id,fold-ind,startphrase,sent1,sent2,gold-source,"
    header += ",".join(f"ending{n}" for n in range(4))
    cells = '0,v,f,"A film. It","A film.",It,gold,"is, so.",b,c,d'
    folder = tmp_path / "finetuning_data" / "swag"
    (folder / "train.csv").write_text(f"{header},label\n{cells},2\n")
    (folder / "test.csv").write_text(f"{header}\n{cells}\n")
    (example,) = made.examples("train")
    assert example[1:5] == ("A film.", "It", ("is, so.", "b", "c", "d"), 3)
    assert made.examples("test")[0].label == 0


def test_race(task, tmp_path, capsys):
    made = task("race")
    values = {
        "answers": ["A", "D"],
        "options": [["good", "bad", "old", "new"]] * 2,
        "questions": ["It is _ .", "What?"],
        "article": "A film.",
        "id": "high1.txt",
    }
    for part, name in (("high", "2"), ("high", "10"), ("middle", "1")):
        folder = tmp_path / "finetuning_data" / "race" / "train" / part
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**values, "article": f"{part} {name}"})
        (folder / f"{name}.txt").write_text(text)
    found = made.examples("train")
    assert [e.eid for e in found] == [*range(6)]
    assert [e.text for e in found][::2] == ["middle 1", "high 2", "high 10"]
    assert [e.label for e in found[:2]] == [1, 4]
    assert {e.part for e in found} == {"middle", "high"}
    assert "there are no articles" not in capsys.readouterr().err
    (folder / "1.txt").unlink()
    assert {e.part for e in made.examples("train")} == {"high"}
    said = f"race train: there are no articles in {folder}."
    assert said in capsys.readouterr().err
    values["answers"] = ["A"]
    (folder / "3.txt").write_text(json.dumps(values))
    with pytest.raises(DataError, match=r"3\.txt must be a JSON object with"):
        made.examples("train")
    with pytest.raises(FileNotFoundError, match="No articles in"):
        made.examples("dev")
    with pytest.raises(UserError, match="read from files alone"):
        task("race", source="tfds").examples("train")
