"""Pre-training that starts from weights there are, in any format."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import run_pretraining
from electra_tf.configs import PretrainingConfig
from electra_tf.conversion import convert, model_folder
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.training.checkpoints import (
    read_training_state,
    read_variables,
)
from tests.conversion import runs
from tests.small_run import ROOT, SETTINGS, failure

SHAPE = ("model_hparam_overrides", "embedding_size")
# How each format is made of a run, by arguments of the converter.
FORMATS = {
    "training_run": None,
    "model_folder": ["--format", "model_folder"],
    "tf1_checkpoint": ["--format", "tf1_checkpoint"],
    "tf1_checkpoint_with_adam": ["--format", "tf1_checkpoint", "--optimizer"],
    "hugging_face": ["--format", "hugging_face", "--part", "discriminator"],
}


@pytest.fixture(scope="module")
def released(data_dir):
    """A run with random weights and a generator of full size."""
    size = len((data_dir / "vocab.txt").read_text().splitlines())
    names = {"data_dir": data_dir, "model_name": "released"}
    shape = {"vocab_size": size, "generator_hidden_size": 1.0}
    config = PretrainingConfig(**names, **SETTINGS, **shape)
    model = Pretrainer(config, SpecialTokens(2, 3, 4))
    runs.fill(model)
    return runs.save(data_dir / "models/released", config, model)


def converted(source: str, path, arguments: list[str]) -> str:
    convert.main(["--from", source, "--to", str(path), *arguments])
    return str(path)


def without_shape(data_dir, name, start, *flags) -> list[str]:
    """The command line that leaves the network to the checkpoint."""
    rest = {n: v for n, v in SETTINGS.items() if n not in SHAPE}
    # With a rate of zero the weights stay what they were.
    rest |= {"learning_rate": 0, "num_train_steps": 1}
    return [
        "run_pretraining.py",
        f"--data_dir={data_dir}",
        f"--model_name={name}",
        f"--init_checkpoint={start}",
        f"--hparams={json.dumps(rest)}",
        *flags,
    ]


SLOW = ("model_folder", "tf1_checkpoint", "tf1_checkpoint_with_adam")


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.slow] * (kind in SLOW))
        for kind in FORMATS
    ],
)
def test_starts_from_any_format(data_dir, released, tmp_path, kind):
    start, flags = released, []
    if FORMATS[kind]:
        start = converted(released, tmp_path / "start", FORMATS[kind])
    if kind == "hugging_face":
        generator = ["--format", "hugging_face", "--part", "generator"]
        path = converted(released, tmp_path / "generator", generator)
        flags = [f"--init_generator={path}"]
    name = f"from_{kind}"
    run_pretraining.main(without_shape(data_dir, name, start, *flags))
    folder = str(data_dir / "models" / name)
    runs.assert_same(read_variables(released), read_variables(folder))
    # The optimizer and its schedule are new.
    state = read_training_state(folder)
    assert state.step == 1
    before = read_training_state(released).slots
    assert all((state.slots[k] != before[k]).any() for k in before)


def test_starts_from_the_encoder_of_a_keras_hub_preset(
    data_dir, released, tmp_path
):
    preset = converted(released, tmp_path / "start", ["--format", "keras_hub"])
    name = "from_keras_hub"
    command = without_shape(data_dir, name, preset, "--allow_new_parts")
    run_pretraining.main(command)
    begun = read_variables(str(data_dir / "models" / name))
    expected = {
        path: value
        for path, value in read_variables(released).items()
        if path.startswith("electra/")
    }
    runs.assert_same(expected, {path: begun[path] for path in expected})


def test_a_discriminator_and_a_new_generator(
    data_dir, released, tmp_path, capsys
):
    half = FORMATS["hugging_face"]
    start = converted(released, tmp_path / "start", half)
    command = without_shape(data_dir, "from_half", start)
    with pytest.raises(SystemExit, match="has no generator, generator_pred"):
        run_pretraining.main(command)
    assert not (data_dir / "models/from_half").exists()

    run_pretraining.main([*command, "--allow_new_parts"])
    said = f"Starting from {start}; new: generator, generator_predictions\n"
    assert said in capsys.readouterr().err
    # Going on needs neither the decision nor the weights again.
    for path in pathlib.Path(start).iterdir():
        path.unlink()
    run_pretraining.main([*command, "--num_train_steps=2"])
    folder = str(data_dir / "models/from_half")
    assert read_training_state(folder).step == 2
    expected, received = read_variables(released), read_variables(folder)
    same = [k for k in expected if k.startswith(("electra/", "discriminator"))]
    for path in same:
        np.testing.assert_array_equal(received[path], expected[path], path)


def test_a_network_of_other_settings(data_dir, released):
    message = failure(
        data_dir,
        "other",
        f"--init_checkpoint={released}",
        "--generator_hidden_size=0.5",
        embedding_size=4,
    )
    assert f"generator_hidden_size: 1.0 in {released}, 0.5 given" in message
    assert f"embedding_size: 8 in {released}, 4 given" in message
    assert not (data_dir / "models/other").exists()


def test_another_vocabulary_than_that_of_the_start(
    data_dir, released, tmp_path
):
    start = converted(released, tmp_path / "start", FORMATS["model_folder"])
    vocab = pathlib.Path(start, model_folder.VOCAB_FILE)
    first, *rest = vocab.read_text().splitlines()[5:]
    special = vocab.read_text().splitlines()[:5]
    vocab.write_text("\n".join([*special, *rest, first]) + "\n")
    with pytest.raises(SystemExit, match=r"vocab.txt is not that of"):
        run_pretraining.main(without_shape(data_dir, "vocab", start))


def test_mismatches_are_found_before_tensorflow(data_dir, released, tmp_path):
    start = converted(released, tmp_path / "start", FORMATS["hugging_face"])
    for change in ([], ["--embedding_size=4"]):
        command = without_shape(data_dir, "early", start, *change)
        process = subprocess.run(
            [sys.executable, "-X", "importtime", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert process.returncode == 1
        assert "electra_tf.conversion.initial_checkpoint" in process.stderr
        imported = {
            line.split("|")[-1].strip() for line in process.stderr.splitlines()
        }
        assert not {"tensorflow", "keras"} & imported
