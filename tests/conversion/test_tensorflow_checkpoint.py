"""The original's checkpoints, in and out."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.conversion import convert, model_folder, tensorflow_checkpoint
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.training import checkpoints
from electra_tf.weights import assign
from tests.conversion import runs
from tests.conversion.test_model_folder import VARIANTS
from tests.fidelity.conftest import goldens_folder

# Names and shapes of the 404 variables in the released electra_small.
RELEASED = pathlib.Path(__file__).with_name("released_small.json")


def write_tf1(prefix: str, arrays: dict):
    """Write a checkpoint as TensorFlow 1's Saver does."""
    with tf.Graph().as_default():
        variables = {
            name: tf.compat.v1.get_variable(name, initializer=array)
            for name, array in arrays.items()
        }
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            saver = tf.compat.v1.train.Saver(variables)
            saver.save(session, prefix)


def read_tf1(prefix: str, shapes: dict) -> dict:
    """Read variables of given names and types by TensorFlow 1's Saver."""
    with tf.Graph().as_default():
        variables = {
            name: tf.compat.v1.get_variable(name, shape, dtype)
            for name, (shape, dtype) in shapes.items()
        }
        with tf.compat.v1.Session() as session:
            tf.compat.v1.train.Saver(variables).restore(session, prefix)
            return session.run(variables)


def everything(path: str) -> dict:
    """All arrays of a checkpoint, whatever they are."""
    reader = tf.train.load_checkpoint(path)
    names = reader.get_variable_to_shape_map()
    return {name: np.asarray(reader.get_tensor(name)) for name in names}


def golden_checkpoints() -> list[str]:
    found = sorted(goldens_folder().glob("[BC]_*/*/ckpt_*.index"))
    return [str(path.with_suffix("")) for path in found]


def heads(prefix: str) -> int:
    config = json.loads(
        pathlib.Path(prefix).with_name("config.json").read_text()
    )
    return config["encoder_config"]["num_attention_heads"]


@pytest.fixture
def released() -> dict:
    """Random values in the released checkpoint's layout."""
    generator = np.random.default_rng(0)
    return {
        name: np.int64(1_000_000)
        if name == "global_step"
        else np.float32(generator.normal(size=shape))
        for name, shape in json.loads(RELEASED.read_text()).items()
    }


@pytest.mark.parametrize("prefix", golden_checkpoints())
def test_the_original_s_checkpoints_survive_bit_for_bit(tmp_path, prefix):
    # Beside a checkpoint of the goldens lies a config.json of its own kind.
    model = tensorflow_checkpoint.read_tf1(
        prefix, num_attention_heads=heads(prefix)
    )
    adam = prefix.endswith("final")
    assert adam == bool(model.slots)
    tensorflow_checkpoint.write_tf1(str(tmp_path / "to"), model, optimizer=adam)
    runs.assert_same(everything(prefix), everything(str(tmp_path / "to")))


def test_weights_alone_keep_the_step(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    tensorflow_checkpoint.write_tf1(
        str(tmp_path / "to"), tensorflow_checkpoint.read_run(run)
    )
    written = everything(str(tmp_path / "to"))
    assert written.pop("global_step") == runs.STEP
    runs.assert_same(tensorflow_checkpoint.read_run(run).variables, written)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_and_its_optimizer_become_a_checkpoint(tmp_path, variant):
    config, model = runs.pretrained(tmp_path, **VARIANTS[variant])
    run = runs.save(tmp_path / "run", config, model)
    read = tensorflow_checkpoint.read_run(run)
    tensorflow_checkpoint.write_tf1(str(tmp_path / "to"), read, optimizer=True)
    slots = checkpoints.read_training_state(run).slots
    expected = {**runs.arrays(model), **slots}
    expected["global_step"] = np.array(runs.STEP, np.int64)
    assert len(slots) == 2 * len(model.variables)
    shapes = {n: (a.shape, a.dtype) for n, a in expected.items()}
    prefix = tf.train.latest_checkpoint(str(tmp_path / "to"))
    restored = read_tf1(prefix, shapes)
    restored = {name: np.asarray(array) for name, array in restored.items()}
    runs.assert_same(expected, restored)
    again = tensorflow_checkpoint.read_tf1(str(tmp_path / "to"))
    assert again.config == read.config
    runs.assert_same(again.slots, slots)


def test_a_fine_tuned_checkpoint_survives(tmp_path):
    config, model = runs.finetuned(tmp_path)
    read = tensorflow_checkpoint.read_run(
        runs.save(tmp_path / "run", config, model)
    )
    tensorflow_checkpoint.write_tf1(str(tmp_path / "to"), read)
    again = tensorflow_checkpoint.read_tf1(str(tmp_path / "to"))
    runs.assert_same(runs.arrays(model), again.variables)
    assert again.config.tasks["sst"] == {"dense": (16, 2)}


def test_the_released_layout_maps_completely(tmp_path, released, caplog):
    prefix = str(tmp_path / "electra_small")
    write_tf1(prefix, released)
    tensorflow_checkpoint.read_tf1(prefix, num_attention_heads=4)
    assert "attention heads" not in caplog.text
    model = tensorflow_checkpoint.read_tf1(prefix)
    assert "does not say how many attention heads it has. Taken: 4" in (
        caplog.text
    )
    assert list(model.left_out) == ["generator_predictions/temperature"]
    expected = dict(released)
    del expected["generator_predictions/temperature"]
    assert model.config.step == expected.pop("global_step")
    runs.assert_same(expected, model.variables)
    encoder, generator = model.config.encoder, model.config.generator
    assert (encoder.hidden_size, generator.hidden_size) == (256, 256)
    assert (encoder.num_attention_heads, encoder.embedding_size) == (4, 128)
    assert model.config.settings["model_hparam_overrides"] == {}
    tensorflow_checkpoint.write_tf1(str(tmp_path / "to"), model)
    again = everything(str(tmp_path / "to"))
    again["generator_predictions/temperature"] = released[
        "generator_predictions/temperature"
    ]
    runs.assert_same(
        {name: np.asarray(array) for name, array in released.items()}, again
    )


def test_pretraining_takes_the_released_layout(tmp_path, released):
    settings = {"data_dir": tmp_path, "model_name": "m"}
    config = runs.PretrainingConfig(generator_hidden_size=1.0, **settings)
    model = Pretrainer(config, SpecialTokens(101, 102, 103))
    assert assign(model.variables, released) == []
    used = set(model.variables)
    assert set(released) - used == {
        "global_step",
        "generator_predictions/temperature",
    }


def test_a_variable_too_many_is_named_unless_it_is_left_out(tmp_path):
    _, model = runs.pretrained(tmp_path)
    arrays = {**runs.arrays(model), "generator/new/kernel": np.float32([1])}
    write_tf1(str(tmp_path / "odd"), arrays)
    with pytest.raises(ValueError, match=r"new/kernel \(1,\) belongs"):
        tensorflow_checkpoint.read_tf1(str(tmp_path / "odd"))
    model = tensorflow_checkpoint.read_tf1(
        str(tmp_path / "odd"), leave_out=("generator/new",)
    )
    assert list(model.left_out) == ["generator/new"]


def test_half_of_the_slots_is_an_error(tmp_path):
    _, model = runs.pretrained(tmp_path)
    arrays = runs.arrays(model)
    bias = arrays["discriminator_predictions/dense/bias"]
    arrays["discriminator_predictions/dense/bias/adam_m"] = bias
    write_tf1(str(tmp_path / "odd"), arrays)
    with pytest.raises(ValueError, match=r"bias/adam_v: expected \(16,\)"):
        tensorflow_checkpoint.read_tf1(str(tmp_path / "odd"))


def test_slots_that_are_not_there_are_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    model_folder.write(
        str(tmp_path / "folder"), tensorflow_checkpoint.read_run(run)
    )
    model = model_folder.read(str(tmp_path / "folder"))
    with pytest.raises(ValueError, match="Leave --optimizer out"):
        tensorflow_checkpoint.write_tf1(
            str(tmp_path / "to"), model, optimizer=True
        )


def test_no_checkpoint_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="No checkpoint at"):
        tensorflow_checkpoint.read_tf1(str(tmp_path))


def test_the_command_line_there_and_back(tmp_path, capsys):
    config, model = runs.pretrained(tmp_path)
    run = runs.save(tmp_path / "run", config, model)
    tf1, folder = str(tmp_path / "tf1"), str(tmp_path / "folder")
    to_tf1 = ["--from", run, "--to", tf1, "--format", "tf1_checkpoint"]
    convert.main([*to_tf1, "--optimizer"])
    convert.main(["--from", tf1, "--to", folder])
    runs.assert_same(runs.arrays(model), model_folder.read(folder).variables)
    said = capsys.readouterr().out
    count = len(model.variables)
    assert f"read back {count} variables: largest difference 0\n" in said
    assert f"read back {2 * count} slots: largest difference 0\n" in said
    assert "  discriminator_predictions: 4 arrays, 289 numbers\n" in said


def test_the_command_line_says_what_is_wrong(tmp_path):
    with pytest.raises(SystemExit, match="convert: No checkpoint at nowhere"):
        convert.main(["--from", "nowhere", "--to", str(tmp_path / "to")])
