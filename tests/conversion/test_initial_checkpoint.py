"""Settings and weights of a run that starts from a model."""

import dataclasses
import json
import pathlib

import pytest

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
    hparams,
)
from electra_tf.conversion import (
    compatibility,
    hugging_face,
    initial_checkpoint,
    model_folder,
    tensorflow_checkpoint,
)
from electra_tf.conversion.model import shapes_of
from electra_tf.errors import UserError
from electra_tf.text import tokenization
from tests.conversion import runs
from tests.conversion.test_model_folder import VARIANTS

OVERRIDES = {"hidden_size": 64, "num_hidden_layers": 3}
SETTINGS = {
    "model_size": "small",
    "model_hparam_overrides": OVERRIDES,
    "embedding_size": 128,
    "vocab_size": 500,
    "do_lower_case": False,
}
OBJECTIVE = ("generator", "objective", "generator_training")


def finetuning(**settings) -> FinetuningConfig:
    names = {"data_dir": ".", "model_name": "m", "task_names": ["sst"]}
    return FinetuningConfig(**names | settings)


def pretraining(tmp_path, **settings) -> PretrainingConfig:
    names = {"data_dir": tmp_path, "model_name": "new", "max_seq_length": 12}
    return PretrainingConfig(**{**names, **settings})


@pytest.fixture
def run(tmp_path) -> str:
    return runs.save(tmp_path / "run", *runs.pretrained(tmp_path))


def halves(tmp_path, run: str) -> list[str]:
    """A run as two Hugging Face folders."""
    paths = [str(tmp_path / part) for part in ("discriminator", "generator")]
    for path in paths:
        part = pathlib.Path(path).name
        hugging_face.write(path, tensorflow_checkpoint.read_run(run), part)
    return paths


def test_settings_are_taken_over():
    given = finetuning(learning_rate=1e-3)
    config = compatibility.with_settings(given, SETTINGS, "source")
    encoder = encoder_config(config)
    assert (encoder.hidden_size, encoder.num_hidden_layers) == (64, 3)
    assert (config.vocab_size, config.do_lower_case) == (500, False)
    assert config.learning_rate == 1e-3


def test_what_was_given_may_agree_in_other_words():
    given = {"num_hidden_layers": 3, "intermediate_size": 256}
    given = finetuning(vocab_size=500, model_hparam_overrides=given)
    config = compatibility.with_settings(given, SETTINGS, "source")
    assert encoder_config(config).hidden_size == 64


def test_dropout_may_be_another():
    given = {"attention_probs_dropout_prob": 0.0}
    given = finetuning(model_hparam_overrides=given, hidden_dropout_prob=0.2)
    encoder = encoder_config(
        compatibility.with_settings(given, SETTINGS, "source")
    )
    assert encoder.attention_probs_dropout_prob == 0
    assert encoder.hidden_dropout_prob == 0.2


def test_contradictions_name_both_sides():
    given = finetuning(vocab_size=30522, model_size="base")
    with pytest.raises(ValueError) as error:
        compatibility.with_settings(given, SETTINGS, "source")
    message = str(error.value)
    assert "vocab_size: 500 in source, 30522 given" in message
    # The model's own hidden size is an override, so it holds for any size.
    assert "hidden_size" not in message
    assert "num_attention_heads" not in message


def test_a_generator_of_another_size_is_named(tmp_path, run):
    given = pretraining(
        tmp_path, init_checkpoint=run, generator_hidden_size=0.75
    )
    with pytest.raises(ValueError) as error:
        initial_checkpoint.pretraining(given)
    line = f"generator_hidden_size: 0.25 in {run}, 0.75 given"
    assert line in str(error.value)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_network_of_a_run(tmp_path, variant):
    config, model = runs.pretrained(tmp_path, **VARIANTS[variant])
    shapes = compatibility.network(config).shapes
    assert shapes == shapes_of(runs.arrays(model))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_goes_on_with_the_same_network(tmp_path, variant):
    changes = VARIANTS[variant]
    config, model = runs.pretrained(tmp_path, **changes)
    run = runs.save(tmp_path / "run", config, model)
    objective = {n: v for n, v in changes.items() if n in OBJECTIVE}
    new, start = initial_checkpoint.pretraining(
        pretraining(tmp_path, init_checkpoint=run, **objective)
    )
    assert encoder_config(new) == encoder_config(config)
    assert compatibility.network(new) == compatibility.network(config)
    runs.assert_same(runs.arrays(model), start.variables)


def test_a_run_that_has_begun_needs_no_start(tmp_path, run):
    config, model = runs.pretrained(tmp_path, generator_hidden_size=0.5)
    runs.save(tmp_path / "models/new", config, model)
    new, start = initial_checkpoint.pretraining(
        pretraining(tmp_path, init_checkpoint="gone")
    )
    assert start is None
    assert compatibility.network(new) == compatibility.network(config)


def test_a_run_that_saved_the_released_booleans(tmp_path):
    config, model = runs.pretrained(tmp_path, weight_sharing="all")
    runs.save(tmp_path / "models/new", config, model)
    path = tmp_path / "models/new/config.json"
    saved = json.loads(path.read_text())
    del saved["weight_sharing"]
    path.write_text(json.dumps({**saved, "untied_generator": False}))
    new, _ = initial_checkpoint.pretraining(
        pretraining(tmp_path, init_checkpoint="gone")
    )
    assert new.weight_sharing == "all"


def test_a_discriminator_alone_needs_a_decision(tmp_path, run):
    discriminator, generator = halves(tmp_path, run)
    config = pretraining(tmp_path, init_checkpoint=discriminator)
    with pytest.raises(ValueError) as error:
        initial_checkpoint.pretraining(config)
    message = str(error.value)
    assert f"{discriminator} has no generator, generator_predictions" in message
    assert "init_generator" in message
    assert "allow_new_parts" in message

    new, _ = initial_checkpoint.pretraining(
        config.replace(allow_new_parts=True)
    )
    assert generator_config(new).hidden_size == 4
    uniform = config.replace(generator="uniform")
    assert initial_checkpoint.pretraining(uniform)[0].generator == "uniform"
    _, start = initial_checkpoint.pretraining(
        config.replace(init_generator=generator)
    )
    runs.assert_same(
        tensorflow_checkpoint.read_run(run).variables, start.variables
    )


def test_a_masked_language_model(tmp_path, run):
    _, generator = halves(tmp_path, run)
    given = pretraining(tmp_path, init_checkpoint=generator)
    with pytest.raises(ValueError, match="has no discriminator_predictions"):
        initial_checkpoint.pretraining(given)
    config, _ = initial_checkpoint.pretraining(given.replace(objective="mlm"))
    assert encoder_config(config).hidden_size == 4
    shared, _ = initial_checkpoint.pretraining(
        given.replace(allow_new_parts=True)
    )
    assert shared.weight_sharing == "all"


def test_parts_without_a_place_are_named(tmp_path, run):
    given = pretraining(tmp_path, init_checkpoint=run, objective="mlm")
    with pytest.raises(ValueError) as error:
        initial_checkpoint.pretraining(given)
    assert "has generator, discriminator_predictions, for which" in str(
        error.value
    )
    assert "--leave_out generator discriminator_predictions" in str(error.value)


def test_heads_that_a_generator_cannot_have(tmp_path, run):
    discriminator, generator = halves(tmp_path, run)
    path = pathlib.Path(generator, "config.json")
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "num_attention_heads": 2}))
    given = pretraining(
        tmp_path, init_checkpoint=discriminator, init_generator=generator
    )
    with pytest.raises(ValueError, match=r"num_attention_heads 2. .* here 1"):
        initial_checkpoint.pretraining(given)


def test_a_generator_of_another_shape(tmp_path):
    config = pretraining(tmp_path)
    model = compatibility.network(config)
    wide = model.generator.replace(intermediate_size=99)
    model = dataclasses.replace(model, generator=wide)
    name = "generator/encoder/layer_0/intermediate/dense/bias"
    with pytest.raises(ValueError) as error:
        compatibility.check_trainable(config, model, "source")
    assert f"{name}: (99,) in source, (256,) in this run" in str(error.value)


def test_a_bare_checkpoint_takes_the_heads_that_are_given(tmp_path, run):
    path = tmp_path / "tf1"
    tensorflow_checkpoint.write_tf1(
        str(path), tensorflow_checkpoint.read_run(run)
    )
    (path / "config.json").unlink()
    for heads in (None, 4):
        given = {"num_attention_heads": heads} if heads else {}
        config = pretraining(
            tmp_path, init_checkpoint=str(path), model_hparam_overrides=given
        )
        encoder = encoder_config(initial_checkpoint.pretraining(config)[0])
        assert encoder.num_attention_heads == (heads or 1)
        assert encoder.intermediate_size == 24


def test_another_vocabulary_is_an_error(tmp_path, run):
    start = tensorflow_checkpoint.read_run(run)
    words = (tmp_path / "words.txt").read_text()
    same = tokenization.Tokenizer(tmp_path / "words.txt")
    initial_checkpoint.check_vocabulary(start, same, run)
    with_empty_line = dataclasses.replace(start, vocab=start.vocab + b"\n")
    initial_checkpoint.check_vocabulary(with_empty_line, same, run)
    (tmp_path / "other.txt").write_text(words.replace("w7\n", "new\n"))
    other = tokenization.Tokenizer(tmp_path / "other.txt")
    with pytest.raises(ValueError, match="has 'w7' at line 13"):
        initial_checkpoint.check_vocabulary(start, other, run)


def test_evaluation_takes_the_settings_of_the_trial(tmp_path):
    config, _ = runs.finetuned(tmp_path, do_train=False)
    folder = pathlib.Path(f"{config.model_dir}_1")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(hparams.to_json(config)))
    given = FinetuningConfig(
        data_dir=tmp_path,
        model_name="m",
        task_names=["sst", "sts"],
        do_train=False,
        max_seq_length=12,
    )
    found, start = initial_checkpoint.finetuning(given)
    assert start is None
    assert encoder_config(found) == encoder_config(config)


def test_from_scratch_needs_no_model_and_may_differ_from_one(tmp_path, run):
    given = {"from_scratch": True, "max_seq_length": 12}
    alone = finetuning(**given, data_dir=str(tmp_path / "gone"))
    assert initial_checkpoint.finetuning(alone) == (alone, None)
    named = finetuning(**given, init_checkpoint=str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="No checkpoint at"):
        initial_checkpoint.finetuning(named)
    beside = finetuning(**given, init_checkpoint=run, vocab_size=600)
    config, start = initial_checkpoint.finetuning(beside)
    assert (config.vocab_size, config.embedding_size) == (600, 8)
    assert start is None


def test_no_model_is_an_error(tmp_path):
    given = finetuning(init_checkpoint=str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="No checkpoint at"):
        initial_checkpoint.finetuning(given)


def test_a_broken_config_is_an_error(run):
    pathlib.Path(run, "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config.json: no JSON: "):
        initial_checkpoint.finetuning(finetuning(init_checkpoint=run))


def test_a_model_folder_is_taken(tmp_path, run):
    folder = str(tmp_path / "folder")
    model_folder.write(folder, tensorflow_checkpoint.read_run(run))
    given = finetuning(init_checkpoint=folder, max_seq_length=12)
    config, start = initial_checkpoint.finetuning(given)
    assert encoder_config(config) == start.config.encoder


@pytest.mark.parametrize(
    "name", ["electra_small", "model.ckpt", "model.ckpt-9"]
)
def test_another_program_s_checkpoint_is_not_written_over(tmp_path, run, name):
    config = pretraining(tmp_path)
    folder = pathlib.Path(config.model_dir)
    tensorflow_checkpoint.write_tf1(
        str(folder), tensorflow_checkpoint.read_run(run)
    )
    for path in folder.glob("model.ckpt.*"):
        path.rename(folder / path.name.replace("model.ckpt", name))
    expected = rf"--init_checkpoint={folder}/{name} and another --model_name"
    for given in (None, run):
        with pytest.raises(UserError, match=expected):
            initial_checkpoint.pretraining(
                config.replace(init_checkpoint=given)
            )
    (folder / "checkpoint").unlink()
    model = tensorflow_checkpoint.read_tf1(str(folder))  # By any name.
    assert model.config.step == runs.STEP
    trial = finetuning(init_checkpoint=run, model_dir=folder.with_name("trial"))
    folder.rename(folder.with_name("trial_1"))
    with pytest.raises(UserError, match="random weights"):
        initial_checkpoint.finetuning(trial)


def test_a_run_s_own_checkpoints_are_gone_on_with(tmp_path, run):
    initial_checkpoint.check_folder(run)
    (index,) = pathlib.Path(run).glob("*.index")
    damaged = index.read_bytes()[:100]
    index.with_name("model.ckpt-99.index").write_bytes(damaged)
    initial_checkpoint.check_folder(run)
    initial_checkpoint.check_folder(str(tmp_path / "not there"))
