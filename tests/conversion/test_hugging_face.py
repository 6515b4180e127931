"""Hugging Face's transformers load what we write, and compute the same."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import (
    convert,
    hugging_face,
    model_folder,
    tensorflow_checkpoint,
)
from electra_tf.conversion.hugging_face_parts import heads as their_heads
from electra_tf.conversion.model import Model, ModelConfig
from electra_tf.encoder import Encoder
from electra_tf.text.tokenization import Tokenizer
from electra_tf.weights import assign
from tests.conversion import runs

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TOLERANCE = 1e-4
# The released sizes with a quarter of the width and a third of the depth; base
# and large have no projection, generators a third or a quarter of the width.
SCALED_DOWN = {
    "small": dict(hidden=64, layers=4, heads=1, embedding=32, generator=0.25),
    "base": dict(hidden=192, layers=4, heads=3, embedding=192, generator=1 / 3),
    "large": dict(hidden=256, layers=8, heads=4, embedding=256, generator=0.25),
}
REAL_SMALL = {
    "model_hparam_overrides": {},
    "embedding_size": 128,
    "generator_hidden_size": 0.25,
}


def settings(size: str) -> dict:
    if size == "real_small":
        return REAL_SMALL
    shape = SCALED_DOWN[size]
    return {
        "model_hparam_overrides": {
            "hidden_size": shape["hidden"],
            "num_hidden_layers": shape["layers"],
            "num_attention_heads": shape["heads"],
            "max_position_embeddings": 16,
        },
        "embedding_size": shape["embedding"],
        "generator_hidden_size": shape["generator"],
    }


SIZES = [*SCALED_DOWN, "real_small"]


def pretrained(tmp_path, **changes):
    """A pre-trained model, and its run as a converter's `Model`."""
    config, model = runs.pretrained(tmp_path, **changes)
    run = runs.save(tmp_path / "run", config, model)
    return model, tensorflow_checkpoint.read_run(run)


def inputs() -> dict[str, np.ndarray]:
    """Three inputs of different lengths with two segments each."""
    ids = np.random.default_rng(3).integers(5, runs.VOCAB_SIZE, (3, 12))
    mask = np.arange(12) < np.array([[12], [7], [3]])
    segments = (np.arange(12) > 4) & mask
    return {
        "input_ids": np.where(mask, ids, 0),
        "attention_mask": mask.astype(int),
        "token_type_ids": segments.astype(int),
    }


def theirs(kind: str, path) -> np.ndarray:
    """First output of one of their models."""
    model = getattr(transformers, kind).from_pretrained(path).eval()
    tensors = {name: torch.tensor(array) for name, array in inputs().items()}
    with torch.no_grad():
        return model(**tensors)[0].numpy()


def encoded(encoder) -> np.ndarray:
    """Our sequence output."""
    batch = inputs()
    return encoder(
        batch["input_ids"],
        input_mask=batch["attention_mask"],
        segment_ids=batch["token_type_ids"],
    ).sequence_output


def assert_close(ours, others):
    """Compare the numbers of real tokens."""
    mask = inputs()["attention_mask"].astype(bool)
    difference = np.abs(np.asarray(ours) - others)[mask]
    assert difference.max() < TOLERANCE
    assert np.std(others[mask]) > 100 * TOLERANCE


def assert_loads_completely(kind: str, path):
    _, report = getattr(transformers, kind).from_pretrained(
        path, output_loading_info=True
    )
    assert not any(report.values()), report


@pytest.mark.parametrize("size", SIZES)
def test_discriminators_compute_the_same(tmp_path, size):
    model, read = pretrained(tmp_path, **settings(size))
    path = str(tmp_path / "to")
    written = hugging_face.write(path, read)
    ours = model.head.head(encoded(model.main))
    assert_close(ours, theirs("ElectraForPreTraining", path))
    assert_loads_completely("ElectraForPreTraining", path)
    assert_same_model(written, hugging_face.read(path))


@pytest.mark.parametrize("size", SIZES)
def test_encoders_compute_the_same(tmp_path, size):
    model, read = pretrained(tmp_path, **settings(size))
    path = str(tmp_path / "to")
    written = hugging_face.write(path, read, part="encoder")
    assert_close(encoded(model.main), theirs("ElectraModel", path))
    assert_loads_completely("ElectraModel", path)
    assert_same_model(written, hugging_face.read(path))


@pytest.mark.parametrize("size", SIZES)
def test_generators_compute_the_same(tmp_path, size):
    model, read = pretrained(tmp_path, **settings(size))
    path = str(tmp_path / "to")
    written = hugging_face.write(path, read, part="generator")
    assert_close(token_logits(model), theirs("ElectraForMaskedLM", path))
    assert_loads_completely("ElectraForMaskedLM", path)
    assert_same_model(written, hugging_face.read(path))


def token_logits(pretrainer) -> np.ndarray:
    generator = pretrainer.generator
    table = generator.encoder.embeddings.word_embeddings
    return generator.head(encoded(generator.encoder), word_embeddings=table)


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "mlm"},
        {"weight_sharing": "all"},
        {"weight_sharing": "none"},
    ],
)
def test_other_generators_compute_the_same(tmp_path, changes):
    model, read = pretrained(tmp_path, **changes)
    path = str(tmp_path / "to")
    hugging_face.write(path, read, part="generator")
    assert_close(token_logits(model), theirs("ElectraForMaskedLM", path))


def assert_same_model(expected: Model, received: Model):
    runs.assert_same(expected.variables, received.variables)
    assert expected.config.encoder == received.config.encoder
    assert expected.config.parts == received.config.parts
    assert expected.vocab == received.vocab


@pytest.mark.parametrize("size", SIZES)
def test_classifiers_compute_the_same(tmp_path, size):
    chosen = settings(size)
    del chosen["generator_hidden_size"]
    config, model = runs.finetuned(tmp_path, tasks=("mnli",), **chosen)
    run = runs.save(tmp_path / "run", config, model)
    path = str(tmp_path / "to")
    written = hugging_face.write(
        path, tensorflow_checkpoint.read_run(run), labels=("no", "maybe", "yes")
    )
    head = model.heads[0].dense
    ours = np.asarray(head(encoded(model.encoder)[:, 0]))
    others = theirs("ElectraForSequenceClassification", path)
    assert np.abs(ours - others).max() < TOLERANCE
    assert np.std(others) > 100 * TOLERANCE
    assert_loads_completely("ElectraForSequenceClassification", path)
    values = json.loads(pathlib.Path(path, "config.json").read_text())
    assert values["id2label"] == {"0": "no", "1": "maybe", "2": "yes"}
    again = hugging_face.read(path)
    assert again.config.tasks == {"mnli": {"dense": tuple(head.kernel.shape)}}
    for name, array in written.variables.items():
        np.testing.assert_allclose(again.variables[name], array, atol=1e-4)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("token_classification", "ElectraForTokenClassification"),
        ("question_answering", "ElectraForQuestionAnswering"),
    ],
)
def test_heads_on_every_token_compute_the_same(tmp_path, part, kind):
    config, model = runs.finetuned(tmp_path, tasks=("sst",))
    run = runs.save(tmp_path / "run", config, model)
    path = str(tmp_path / "to")
    written = hugging_face.write(
        path, tensorflow_checkpoint.read_run(run), part=part
    )
    ours = np.asarray(model.heads[0].dense(encoded(model.encoder)))
    ours = ours[..., 0] if part == "question_answering" else ours
    assert_close(ours, theirs(kind, path))
    assert_loads_completely(kind, path)
    assert_same_model(written, hugging_face.read(path))


def test_the_task_tells_the_class():
    def part(*tasks, chosen=None):
        layers = {task: {"dense": (8, 2)} for task in tasks}
        config = ModelConfig(EncoderConfig(9, 8, 1, 2, 9), tasks=layers)
        return their_heads.default_part(Model(config, {}), chosen)

    assert part("chunk") == "token_classification"
    assert part("squad") == "question_answering"
    assert part("chunk", "sst", chosen="sst") == "classification"


def test_two_folders_become_one_model(tmp_path, capsys):
    model, read = pretrained(tmp_path)
    for part in ("discriminator", "generator"):
        hugging_face.write(str(tmp_path / part), read, part=part)
    convert.main(
        [
            *("--from", str(tmp_path / "discriminator")),
            *("--generator", str(tmp_path / "generator")),
            *("--to", str(tmp_path / "to")),
        ]
    )
    again = model_folder.read(str(tmp_path / "to")).variables
    runs.assert_same(runs.arrays(model), again)
    assert "largest difference 0\n" in capsys.readouterr().out


def test_the_command_line_writes_a_folder(tmp_path, capsys):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    path = str(tmp_path / "to")
    convert.main(["--from", run, "--to", path, "--format", "hugging_face"])
    said = capsys.readouterr().out
    assert "largest difference 0\n" in said
    assert "arrays of parts that were not asked for" in said
    assert_loads_completely("ElectraForPreTraining", path)


def test_the_tokenizer_is_the_same(tmp_path):
    for cased in (False, True):
        folder = tmp_path / str(cased)
        folder.mkdir()
        _, read = pretrained(folder, do_lower_case=not cased)
        path = str(folder / "to")
        hugging_face.write(path, read)
        tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        ours = Tokenizer(f"{path}/vocab.txt", do_lower_case=not cased)
        text = "w3 W4, w5 [x] w10w"
        assert tokenizer.encode(text) == [
            ours.cls_id,
            *ours.encode(text),
            ours.sep_id,
        ]
        assert hugging_face.read(path).config.do_lower_case != cased


def test_the_vocabulary_of_a_fast_tokenizer_is_found(tmp_path):
    _, read = pretrained(tmp_path)
    path = tmp_path / "to"
    hugging_face.write(str(path), read)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    tokenizer.save_pretrained(path)
    (path / "vocab.txt").unlink()
    assert hugging_face.read(str(path)).vocab == read.vocab


def test_the_approximate_gelu_is_the_same_there(tmp_path):
    _, read = pretrained(tmp_path)
    encoder = read.config.encoder.replace(hidden_act="gelu_new")
    config = dataclasses.replace(read.config, encoder=encoder)
    path = str(tmp_path / "to")
    hugging_face.write(path, dataclasses.replace(read, config=config))
    ours = Encoder(encoder)
    ours.build()
    assign({v.path: v for v in ours.trainable_variables}, read.variables)
    assert_close(encoded(ours), theirs("ElectraModel", path))
    assert hugging_face.read(path).config.encoder == encoder
