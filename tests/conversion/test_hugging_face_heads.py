"""Fine-tuned models of Hugging Face predict here, with their labels' names."""

import json
import pathlib

import numpy as np
import pytest
import safetensors.numpy
from scipy import special

from electra_tf.conversion import convert, formats, hugging_face, load
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.serving.text_predictor import load_predictor
from tests.conversion import runs

HIDDEN = 16
SENTENCES = "ElectraForSequenceClassification"
WORDS = "ElectraForTokenClassification"
QUESTIONS = "ElectraForQuestionAnswering"
CHOICES = "ElectraForMultipleChoice"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> pathlib.Path:
    """One of their folders with an encoder and no head."""
    root = tmp_path_factory.mktemp("their")
    run = runs.save(root / "run", *runs.pretrained(root))
    model = formats.read(run)
    hugging_face.write(str(root / "hf"), model)
    file = root / "hf" / "model.safetensors"
    arrays = safetensors.numpy.load_file(file)
    rest = {n: a for n, a in arrays.items() if n.startswith("electra.")}
    safetensors.numpy.save_file(rest, file)
    return root / "hf"


@pytest.fixture
def folder(encoder, tmp_path):
    """Makes a folder with a head, and its path."""

    def make(architecture: str, size: int, name: str = "hf", **config) -> str:
        path = tmp_path / name
        path.mkdir()
        for file in encoder.iterdir():
            (path / file.name).write_bytes(file.read_bytes())
        arrays = safetensors.numpy.load_file(path / "model.safetensors")
        arrays |= head(architecture, size)
        safetensors.numpy.save_file(arrays, path / "model.safetensors")
        values = json.loads((path / "config.json").read_text())
        values |= {"architectures": [architecture], **config}
        (path / "config.json").write_text(json.dumps(values))
        return str(path)

    return make


def head(architecture: str, size: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(5).normal
    names = {WORDS: "classifier", QUESTIONS: "qa_outputs"}
    names[CHOICES] = "classifier"
    name = names.get(architecture, "classifier.out_proj")
    shapes = {f"{name}.weight": (size, HIDDEN), f"{name}.bias": (size,)}
    if architecture == SENTENCES:
        shapes["classifier.dense.weight"] = (HIDDEN, HIDDEN)
        shapes["classifier.dense.bias"] = (HIDDEN,)
    if architecture == CHOICES:
        shapes["sequence_summary.summary.weight"] = (HIDDEN, HIDDEN)
        shapes["sequence_summary.summary.bias"] = (HIDDEN,)
    return {n: np.float32(draw(size=s)) for n, s in shapes.items()}


def converted(path: str) -> str:
    convert.main(["--from", path, "--to", f"{path}_ours"])
    return f"{path}_ours"


def vectors(path: str, *ids: int) -> np.ndarray:
    """The encoder's output `(L, H)` of tokens in segment 0."""
    model = load.load_encoder(path)
    return np.asarray(model(np.array([ids], np.int32)).sequence_output)[0]


def logits_of_sentence(path: str, size: int, *ids: int) -> np.ndarray:
    arrays = head(SENTENCES, size)
    weights = [arrays[f"classifier.{n}.weight"] for n in ("dense", "out_proj")]
    biases = [arrays[f"classifier.{n}.bias"] for n in ("dense", "out_proj")]
    hidden = weights[0] @ vectors(path, *ids)[0] + biases[0]
    hidden = hidden * special.ndtr(hidden)  # GELU
    return weights[1] @ hidden + biases[1]


# [CLS] w1 w2 [SEP]
IDS = (2, 6, 7, 3)


def test_a_label(folder):
    names = {"0": "bad", "1": "so so", "2": "good"}
    path = folder(SENTENCES, 3, id2label=names)
    predict = load_predictor(converted(path))
    (answer,) = predict(["w1 w2"])
    expected = special.softmax(logits_of_sentence(path, 3, *IDS))
    assert list(answer["probabilities"]) == list(names.values())
    np.testing.assert_allclose(
        list(answer["probabilities"].values()), expected, atol=1e-5
    )
    assert answer["label"] == names[str(expected.argmax())]


def test_several_labels(folder):
    path = folder(
        SENTENCES,
        2,
        problem_type="multi_label_classification",
        label2id={"a": 0, "b": 1},
        id2label=None,
    )
    (answer,) = load_predictor(converted(path))(["w1 w2"])
    logits = logits_of_sentence(path, 2, *IDS)
    expected = dict(zip("ab", special.expit(logits), strict=True))
    assert answer["probabilities"] == pytest.approx(expected, abs=1e-5)
    assert answer["labels"] == [n for n, p in expected.items() if p > 0.5]


def test_a_number(folder):
    path = folder(SENTENCES, 1)
    (answer,) = load_predictor(converted(path))(["w1 w2"])
    expected = logits_of_sentence(path, 1, *IDS)[0]
    assert answer["score"] == pytest.approx(expected, abs=1e-4)


def test_words(folder):
    names = ["O", "B-PER", "I-PER"]
    path = folder(WORDS, 3, id2label=dict(enumerate(names)))
    (answer,) = load_predictor(converted(path))(["w1 w2"])
    arrays = head(WORDS, 3)
    logits = vectors(path, *IDS)[1:3] @ arrays["classifier.weight"].T
    logits += arrays["classifier.bias"]
    for word, expected in zip(answer["tags"], logits, strict=True):
        assert word["tag"] == names[expected.argmax()]
        most = special.softmax(expected).max()
        assert word["probability"] == pytest.approx(most, abs=1e-5)


def test_choices(folder):
    path = folder(CHOICES, 1)
    row = {"text": "w1", "text_pair": "w3 _", "choices": ["w2", "w4 w5"]}
    (answer,) = load_predictor(converted(path))([row])
    arrays = head(CHOICES, 1)
    model, logits = load.load_encoder(path), []
    for ids, start in (((2, 6, 3, 8, 7, 3), 3), ((2, 6, 3, 8, 9, 10, 3), 3)):
        segments = [int(place >= start) for place in range(len(ids))]
        vector = np.asarray(
            model(
                np.array([ids], np.int32),
                segment_ids=np.array([segments], np.int32),
            ).pooled_output
        )[0]
        hidden = arrays["sequence_summary.summary.weight"] @ vector
        hidden += arrays["sequence_summary.summary.bias"]
        hidden = hidden * special.ndtr(hidden)  # GELU
        logits.append(arrays["classifier.weight"] @ hidden)
    expected = special.softmax(np.concatenate(logits))
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
    assert answer["text"] == row["choices"][expected.argmax()]
    ours = formats.read(f"{path}_ours")
    with pytest.raises(UserError, match="has a hidden layer, unlike that of"):
        hugging_face.write(f"{path}_words", ours, part="token_classification")
    for name, value in (
        ("summary_type", "mean"),
        ("summary_use_proj", False),
        ("summary_activation", "tanh"),
    ):
        other = folder(CHOICES, 1, name=name, **{name: value})
        with pytest.raises(UserError, match=f"{name} must be .* {value!r}"):
            formats.read(other)


def test_answers(folder):
    path = folder(QUESTIONS, 2)
    row = {"question": "w1", "context": "w2 w3 w4"}
    (answer,) = load_predictor(converted(path))([row])
    begin, end = answer["begin"], answer["end"]
    assert answer["answer"] == row["context"][begin:end] != ""


def test_labels_and_heads_come_back(folder):
    names = dict(enumerate(["x", "y", "z"]))
    for kind, size in (
        (SENTENCES, 3),
        (WORDS, 3),
        (CHOICES, 1),
        (QUESTIONS, 2),
    ):
        path = folder(kind, size, name=kind, id2label=names)
        ours = formats.read(converted(path))
        hugging_face.write(f"{path}_again", ours)
        again = hugging_face.read(f"{path}_again")
        runs.assert_same(ours.variables, again.variables)
        assert again.tasks_json == ours.tasks_json
        assert finetuned_model.read(f"{path}_ours").task().head.size
        values = json.loads(
            pathlib.Path(f"{path}_again/config.json").read_text()
        )
        if kind not in (QUESTIONS, CHOICES):
            assert list(values["id2label"].values()) == list(names.values())
    assert values["architectures"] == [QUESTIONS]


def test_numbers_of_another_scale_go_out_as_they_are(folder):
    path = converted(folder(SENTENCES, 1))
    file = pathlib.Path(path, "tasks.json")
    values = json.loads(file.read_text())
    values["tasks"][0]["scale"] = [10, 30]
    file.write_text(json.dumps(values))
    (expected,) = load_predictor(path)(["w1 w2"])
    hugging_face.write(f"{path}_again", formats.read(path))
    (answer,) = load_predictor(converted(f"{path}_again"))(["w1 w2"])
    assert answer["score"] == pytest.approx(expected["score"], rel=1e-4)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"id2label": {"0": "a", "1": "b"}}, "name each of the 3 outputs"),
        ({"id2label": ["a", "b", "c"]}, "id2label in .*config.json must"),
        ({"id2label": {"0": "a", "1": "a", "2": "b"}}, "no two alike"),
        ({"id2label": {"0": "a", "1": None, "2": "b"}}, "Received: .*None"),
        (
            {"id2label": {"0": "a", "1": "b", "2": "c"}, "num_labels": 2},
            "num_labels in .* must be the 3 outputs .* Received: 2",
        ),
        (
            {"label2id": {"a": 0, "b": 1, "c": 1, "d": 2}},
            "label2id in .* no two alike",
        ),
        ({"label2id": {"a": 1, "b": 2, "c": 3}}, "from 0 on"),
        (
            {
                "id2label": {"0": "a", "1": "b", "2": "c"},
                "label2id": {"b": 0, "a": 1, "c": 2},
            },
            "must give each label the same number",
        ),
        ({"problem_type": "regression"}, "needs 1 output of the head"),
        ({"problem_type": "guess"}, "problem_type in .* Received: 'guess'"),
        ({"architectures": ["ElectraForCausalLM"]}, "Expected one of"),
        ({"architectures": [SENTENCES, "ElectraModel"]}, "Expected one of"),
    ],
)
def test_labels_that_cannot_be_are_refused(folder, config, message):
    config = {"id2label": None, **config}
    path = folder(SENTENCES, 3)
    file = pathlib.Path(path, "config.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **config}))
    with pytest.raises(UserError, match=message):
        formats.read(path)


NUMBERED = {
    "id2label": {"0": "LABEL_0", "1": "LABEL_1"},
    "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
}
NAMED = {"id2label": {"1": "b", "0": "a"}, "label2id": {"a": 0, "b": 1}}


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        ("O B-PER I-PER L-PER U-PER", "entities"),
        ("O I-PER I-LOC", "entities"),
        ("PER_I O PER_B", "entities"),
        ("O NOUN VERB", "words"),
    ],
)
def test_labels_stay_and_say_whether_there_are_spans(folder, labels, rule):
    names = dict(enumerate(labels.split()))
    model = formats.read(folder(WORDS, len(names), id2label=names))
    (task,) = model.tasks_json["tasks"]
    assert (task["labels"], task["span_rule"]) == (labels.split(), rule)
    assert not model.left_out


def test_labels_outside_of_spans_are_told(folder):
    names = dict(enumerate(["O", "B-PER", "I-PER", "[CLS]"]))
    left_out = formats.read(folder(WORDS, 4, id2label=names)).left_out
    (said,) = left_out.items()
    assert said[0] == "spans of the label [CLS]"
    assert "as others have, B-PER for instance" in said[1]


@pytest.mark.parametrize(
    "config",
    [
        NAMED,
        {**NAMED, "num_labels": 2},
        {**NAMED, "id2label": None},
        {**NAMED, "id2label": NUMBERED["id2label"]},
        {**NAMED, "label2id": NUMBERED["label2id"]},
    ],
)
def test_names_of_labels_by_either_setting(folder, config):
    path = folder(SENTENCES, 2, **config)
    (task,) = formats.read(path).tasks_json["tasks"]
    assert task["labels"] == ["a", "b"]


def test_one_output_is_no_choice(folder):
    problem = {"problem_type": "single_label_classification"}
    path = folder(SENTENCES, 1, id2label={"0": "a"}, **problem)
    with pytest.raises(UserError, match="needs 2 outputs or more"):
        formats.read(path)


def test_a_model_of_one_segment_is_given_no_pairs(folder):
    path = folder(SENTENCES, 2, type_vocab_size=1)
    file = pathlib.Path(path, "model.safetensors")
    arrays = safetensors.numpy.load_file(file)
    name = "electra.embeddings.token_type_embeddings.weight"
    safetensors.numpy.save_file({**arrays, name: arrays[name][:1]}, file)
    predict = load_predictor(converted(path))
    rows = [{"text": "w1"}, {"text": "w1", "text_pair": "w2"}]
    alone, pair = predict.answer(rows)
    assert "label" in alone
    assert "1 kind of segments" in pair["error"]
