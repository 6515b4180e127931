"""D: features made of raw files, for every task and split."""

import json

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning import inputs
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.question_answering.answer_places import (
    Words,
)
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.finetuning.tasks.tagging import tag_schemes, tagging
from electra_tf.finetuning.tasks.task import DEV, TRAIN, DataError
from electra_tf.text.tokenization import Tokenizer
from tests.fidelity.conftest import goldens_folder

FOLDER = goldens_folder() / "D_featurization"
RAW = FOLDER / "raw"


def cases() -> list:
    """Return (name of the file, split) where all tasks are implemented."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        recorded = json.loads(path.read_text())
        if not isinstance(recorded, dict):
            continue  # Single sentences that tagging cannot digest.
        if set(recorded.get("tasks", ["none"])) <= set(task_table.TASKS):
            found += [(path.stem, split) for split in recorded["splits"]]
    return found


def vocabulary(name: str) -> Tokenizer:
    file = "uncased" if name.startswith("bertvocab") else None
    file = "vocab_bert_uncased.txt" if file else "vocab_tiny.txt"
    recorded = json.loads((FOLDER / f"{name}.json").read_text())
    lower = recorded["config"]["do_lower_case"]
    return Tokenizer(goldens_folder() / file, do_lower_case=lower)


class Case:
    """One split of a recorded featurization, and ours."""

    def __init__(self, name: str, split: str):
        self.recorded = json.loads((FOLDER / f"{name}.json").read_text())
        self.split = self.recorded["splits"][split]
        self.name, self.name_of_split = name, split
        training = split == TRAIN
        self.config = FinetuningConfig(
            data_dir="unused",
            model_name="unused",
            raw_data_dir=str(RAW / "{}"),
            task_names=self.recorded["tasks"],
            released_tagging=True,
            answer_places="released",
            **self.recorded["config"],
        )
        # An evaluation is one pass.
        self.epochs = self.config.num_train_epochs if training else 1
        self.batch_size = (
            self.config.train_batch_size
            if training
            else self.config.eval_batch_size
        )
        self.tasks = task_table.tasks(self.config)
        self.inputs = inputs.make(
            self.tasks,
            {task.name: task.examples(split) for task in self.tasks},
            vocabulary(name),
            self.batch_size,
        )

    def batches(self) -> dict:
        """All examples in order, padded to the full length."""
        order = np.reshape(np.arange(len(self.inputs)), (-1, self.batch_size))
        length = self.config.max_seq_length
        batches = [*inputs.batches(self.inputs, order, length, length)]
        return {
            name: np.concatenate([batch[name] for batch in batches])
            for name in batches[0]
        }


@pytest.fixture(scope="module", params=cases(), ids="-".join)
def case(request):
    return Case(*request.param)


def unrolled(runs: list) -> list:
    return [value for value, count in runs for _ in range(count)]


def expanded(row: dict, spec: dict) -> np.ndarray:
    """Undo run lengths and trimmed zeros."""
    values = row.get(spec["name"])
    if values is None:
        values = unrolled(row[f"{spec['name']}_rle"])
    if not spec["shape"]:
        return np.array(values)
    return np.array(values + [0] * (spec["shape"][0] - len(values)))


def test_names_and_types_of_features(case):
    ours = [(spec.name, spec.dtype) for spec in case.inputs.specs]
    recorded = [
        (spec["name"], "int32" if spec["int"] else "float32")
        for spec in case.recorded["feature_specs"]
    ]
    assert ours == recorded


def test_labels(case):
    ours = [getattr(task, "labels", None) for task in case.tasks]
    if "label_list" in case.recorded:
        assert tuple(case.recorded["label_list"]) in ours
    if "label_mapping" in case.recorded:
        labels = case.recorded["label_mapping"]
        assert tuple(sorted(labels, key=labels.get)) in ours


def test_tags(case):
    if "bioes_tags" in case.recorded:
        (task,) = [task for task in case.tasks if task.name == "chunk"]
        sentences = task.examples(case.name_of_split)
        recorded = case.recorded["bioes_tags"][case.name_of_split]
        assert [sentence.tags for sentence in sentences] == recorded


def test_questions(case):
    recorded = [
        example
        for example in case.recorded.get("examples", [])
        if example["split"] == case.name_of_split
    ]
    if not recorded:
        return
    ours = case.tasks[0].examples(case.name_of_split)
    created = case.split["log_counts"][0][0]
    assert len(ours) == int(created)
    for question, example in zip(ours, recorded, strict=True):
        assert question.eid == example["eid"]
        assert question.id == (example["qas_id"] or example["qid"])
        words = Words(question.passage.text)
        assert len(words.texts) == example["n_doc_words"]
        assert question.is_impossible == example["is_impossible"]
        if case.name_of_split == TRAIN:
            assert question.answer == example["answer"]
            place = words.place(question.answer, question.begin)
            expected = example["start_word"], example["end_word"]
            assert (place or (-1, -1)) == expected


def test_windows_for_evaluation(case):
    recorded = case.recorded.get("dev_eval_features")
    if recorded is None or case.name_of_split != DEV:
        return
    task = case.tasks[0]
    cut = Windows(vocabulary(case.name), case.config)
    ours = [
        (window, cut.places.pieces(question.passage).word)
        for question in task.examples(DEV)
        for window in cut(question)
    ]
    for (window, words), feature in zip(ours, recorded, strict=True):
        inside = slice(window.first, window.first + len(window.answers))
        assert window.eid == feature["eid"]
        assert len(window.input_ids) == feature["n_tokens"]
        assert window.offset == feature["first_doc_position"]
        assert words[inside] == unrolled(feature["token_to_orig_rle"])
        assert window.answers == unrolled(feature["token_is_max_context_rle"])


def test_features(case):
    ours = case.batches()
    for spec in case.recorded["feature_specs"]:
        name = spec["name"]
        recorded = [expanded(row, spec) for row in case.split["features"]]
        assert ours[name].dtype == ("int32" if spec["int"] else "float32")
        np.testing.assert_array_equal(
            ours[name], np.array(recorded, ours[name].dtype), err_msg=name
        )


def test_number_of_examples_and_steps(case):
    assert len(case.inputs) == case.split["n_examples"]
    steps = inputs.num_train_steps(case.inputs, case.batch_size, case.epochs)
    assert steps == case.split["steps"]


@pytest.mark.parametrize("name", ["mrpc", "squadv1"])
def test_records_of_the_original(name):
    path = FOLDER / f"{name}_train.tfrecord"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    case = Case(name, TRAIN)
    ours = case.batches()
    records = [*tf.data.TFRecordDataset(str(path)).as_numpy_iterator()]
    assert len(records) == len(case.inputs)
    for number, record in enumerate(records):
        features = tf.train.Example.FromString(record).features.feature
        assert set(features) == set(ours)
        for feature, values in ours.items():
            recorded = features[feature].int64_list.value
            np.testing.assert_array_equal(
                np.ravel(values[number]), recorded, err_msg=feature
            )


def edge_cases() -> list:
    """Return single sentences that the released code tags oddly, or cannot."""
    path = FOLDER / "chunk_edge_cases.json"
    return json.loads(path.read_text()) if path.exists() else []


@pytest.mark.parametrize("case", edge_cases())
def test_released_tagging_of_odd_sentences(case):
    if case.get("error") == "ValueError":
        # A tag with two hyphens is one here: its type has a hyphen.
        assert tag_schemes.bioes(case["tags"]) == ["S-X-Y", "O"]
        return
    config = FinetuningConfig(
        data_dir="unused",
        model_name="unused",
        max_seq_length=case["max_seq_length"],
        released_tagging=True,
    )
    (task,) = task_table.tasks(config)
    task.labels = ("O",)
    sentence = tagging.Sentence(0, case["words"], case["tags"])
    tokenizer = vocabulary("chunk")
    if "error" in case:
        with pytest.raises(DataError, match="Turn off released_tagging"):
            task.features([sentence], tokenizer)
        return
    made = inputs.make([task], {"chunk": [sentence]}, tokenizer, 1)
    length = config.max_seq_length
    (batch,) = inputs.batches(made, np.zeros((1, 1), int), length, length)
    for name, expected in case["features"].items():
        np.testing.assert_array_equal(batch[name][0], expected, err_msg=name)
