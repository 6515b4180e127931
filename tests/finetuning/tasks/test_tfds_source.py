"""Tasks from TensorFlow Datasets are those of files."""

import os

import numpy as np
import pytest

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import task_table, tfds_source
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import questions, runs, sentences, sets

tfds = pytest.importorskip("tensorflow_datasets")


def task(folder, name: str, **settings):
    config = sentences.config(
        task_names=[name],
        source="tfds",
        tfds_data_dir=str(folder),
        **settings,
    )
    return task_table.tasks(config)[0]


def rows(texts: dict, label: bool = True) -> list[dict]:
    """Examples that are numbered from the end."""
    return [
        {"sentence": text, "label": value if label else -1, "idx": number}
        for number, (text, value) in enumerate(reversed(texts.items()))
    ]


@pytest.fixture(scope="module")
def sst(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    splits = {
        "train": rows(sets.TEXTS),
        "validation": rows(sets.TEXTS),
        "test": rows(sets.TEXTS, label=False),
    }
    classes = ["negative", "positive"]
    sets.sentences(folder, "sst2", classes, splits, text="sentence")
    return folder


def test_labels_are_those_of_the_files_and_numbers_those_of_the_site(sst):
    found = sorted(task(sst, "sst").examples("dev"))
    assert found == [
        Example(0, "a very good book", None, 1),
        Example(1, "a bad film", None, 0),
        Example(2, "a good film", None, 1),
    ]
    tests = task(sst, "sst").examples("test")
    assert {example.label for example in tests} == {0}


def test_pairs_the_splits_of_mnli_and_the_diagnostic_set(tmp_path):
    row = {"premise": "a", "hypothesis": "b", "label": 2, "idx": 7}
    classes = ["entailment", "neutral", "contradiction"]
    columns = {"text": "premise", "pair": "hypothesis"}
    splits = {
        "train": [row] * 2,
        "validation_matched": [row],
        "test_mismatched": [{**row, "label": -1}],
    }
    sets.sentences(tmp_path, "mnli", classes, splits, **columns)
    sets.sentences(tmp_path, "ax", classes, {"test": [row] * 3}, **columns)
    mnli = task(tmp_path, "mnli")
    # Our labels are in the original's order.
    assert mnli.examples("dev") == [Example(7, "a", "b", 0)]
    assert len(mnli.examples("train")) == 2
    assert len(mnli.examples("diagnostic")) == 3
    assert mnli.examples("test_mismatched") == [Example(7, "a", "b", 0)]


@pytest.mark.parametrize("with_null", [True, False])
def test_squad(tmp_path, with_null):
    name, config = ("squad", "v2.0") if with_null else ("squadv1", "v1.1")
    sets.squad(tmp_path, config, with_null)
    made = task(tmp_path, name)
    learnt = {q.id: q for q in made.examples("train")}
    for text, answer in questions.ANSWERS.items():
        if answer or with_null:
            question = learnt[f"1-{text}"]
            assert (question.text, question.answer) == (text, answer or "")
            assert question.is_impossible == (answer is None)
    assert len({id(q.passage) for q in learnt.values()}) == 1
    assert len(made.examples("dev")) == (6 if with_null else 4)
    with pytest.raises(UserError, match="has no split 'test', but 'train', 'v"):
        made.examples("test")


def test_mrqa_as_tfds_invents_it():
    """Examples that TFDS makes up, with the features of the real set."""
    with tfds.testing.mock_data(num_examples=3):
        table = tfds_source.read_split("mrqa/news_qa", "train")
    (values, *_) = [record.values for record in table.records]
    assert isinstance(values["qid"], str)
    assert isinstance(values["answers"], list)
    starts = values["detected_answers"]["char_spans"]["start"]
    assert all(isinstance(start, int) for of in starts for start in of)


def test_mrqa(tmp_path):
    span = tfds.features.Sequence({"start": np.int32, "end": np.int32})
    row = {
        "qid": "q",
        "question": "good",
        "context": questions.PASSAGE,
        "answers": ["film", "a film"],
        "detected_answers": [
            {"text": "film", "char_spans": [{"start": 7, "end": 10}]}
        ],
    }
    features = {
        **{n: tfds.features.Text() for n in ("qid", "question", "context")},
        "answers": tfds.features.Sequence(tfds.features.Text()),
        "detected_answers": tfds.features.Sequence(
            {"text": tfds.features.Text(), "char_spans": span}
        ),
    }
    splits = {"train": [row], "validation": [row]}
    sets.prepare(tmp_path, "mrqa", features, splits, "news_qa")
    newsqa = task(tmp_path, "newsqa")
    (question,) = newsqa.examples("train")
    assert (question.id, question.answer, question.begin) == ("q", "film", 7)
    (question,) = newsqa.examples("dev")
    assert question.golds == ["film", "a film"]


def test_own_entities(tmp_path):
    words = tfds.features.Sequence(tfds.features.Text())
    tags = tfds.features.Sequence(
        tfds.features.ClassLabel(names=["O", "B-PER", "I-PER"])
    )
    row = {"tokens": ["good", "film"], "ner": [1, 2]}
    features = {"tokens": words, "ner": tags}
    sets.prepare(tmp_path, "people", features, {"train": [row]})
    config = sentences.config(
        task_names=["tagging"],
        tfds_name="people",
        tfds_data_dir=str(tmp_path),
        text_column="tokens",
        label_column="ner",
    )
    (own,) = task_table.tasks(config)
    (sentence,) = own.examples("train")
    assert sentence.words == ["good", "film"]
    assert sentence.tags == ["B-PER", "I-PER"]
    assert sentence.where == "tfds:people:train, example 0"


@pytest.mark.slow
def test_own_classes_from_the_command_line(sst, tmp_path):
    scores = runs.run(
        tmp_path,
        task="classification",
        tfds_name="glue/sst2",
        tfds_data_dir=sst,
        text_column="sentence",
        label_column="label",
        write_test_outputs="true",
        train_batch_size=3,
        num_train_epochs=100,
    )
    assert scores["accuracy"] == 100
    tsv = runs.predictions(tmp_path, "classification_test_1_predictions.tsv")
    found = [line.split("\t")[1] for line in tsv.splitlines()[1:]]
    assert sorted(found) == ["negative", "positive", "positive"]


def test_a_benchmark_from_the_command_line(sst, tmp_path):
    scores = runs.run(
        tmp_path,
        task="sst",
        source="tfds",
        tfds_data_dir=sst,
        write_test_outputs="true",
        train_batch_size=3,
        num_train_epochs=100,
    )
    assert scores["accuracy"] == 100
    tsv = runs.predictions(tmp_path, "submission_1/SST-2.tsv")
    assert tsv == "index\tprediction\n0\t1\n1\t0\n2\t1\n"


def test_a_split_that_is_not_there(sst):
    with pytest.raises(UserError) as error:
        tfds_source.read_split("glue/sst2", "dev", str(sst))
    assert str(error.value).startswith(
        "glue/sst2 has no split 'dev', but 'train', 'validation', 'test'."
    )


def test_a_set_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"no set 'glu/x'\. Did you mean 'glu"):
        tfds_source.read_split("glu/x", "train", str(tmp_path))


def test_a_damaged_set(tmp_path):
    splits = {"train": rows(sets.TEXTS)}
    sets.sentences(tmp_path, "cola", ["a", "b"], splits, text="sentence")
    (path,) = tmp_path.rglob("*.tfrecord*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged near example \d"):
        tfds_source.read_split("glue/cola", "train", str(tmp_path))


def test_text_that_is_not_utf_8(tmp_path):
    splits = {"train": [{"sentence": b"f\xfcr", "label": 0, "idx": 0}]}
    sets.sentences(tmp_path, "cola", ["a", "b"], splits, text="sentence")
    expected = r"example 0 holds text that is not UTF-8: b'f\\xfcr'"
    with pytest.raises(DataError, match=expected):
        tfds_source.read_split("glue/cola", "train", str(tmp_path))


def test_a_set_that_cannot_be_prepared(tmp_path, monkeypatch):
    def fail(self):
        raise OSError("no network")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    expected = "could not prepare glue/cola in .*no network.*tfds build glue"
    with pytest.raises(UserError, match=expected):
        tfds_source.read_split("glue/cola", "train", str(tmp_path))


def test_chunk_is_not_in_tfds():
    with pytest.raises(UserError, match=r"chunk is read .* --source=files"):
        task(os.curdir, "chunk").examples("train")
