"""The networks in an environment that has JAX and no TensorFlow."""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import venv

import keras
import numpy as np
import pytest
import tensorflow as tf

import electra_tf
from electra_tf import loss_terms
from electra_tf.command_line import environment_with
from electra_tf.conversion import formats, model_folder
from electra_tf.pretraining import objectives
from tests import tiny
from tests.conversion import runs
from tests.pretraining.jax_step import COMPARED, IDS, STEP, draws, stream
from tests.pretraining.variants import VARIANTS

pytestmark = pytest.mark.slow
ROOT = pathlib.Path(__file__).parents[2]
PYTHON = "ELECTRA_TF_JAX_PYTHON"
PACKAGES = ("keras", "numpy", "safetensors")  # As they are here; and JAX.


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> str:
    """The Python of an environment, that given or one made for the tests."""
    if PYTHON in os.environ:
        return os.environ[PYTHON]
    folder = tmp_path_factory.mktemp("jax") / "environment"
    venv.create(folder, with_pip=True)
    found = str(folder / "bin" / "python")
    wanted = [f"{p}=={importlib.metadata.version(p)}" for p in PACKAGES]
    installed = subprocess.run(
        [found, "-m", "pip", "install", "--quiet", "jax", *wanted],
        capture_output=True,
        text=True,
    )
    if installed.returncode:
        pytest.skip(
            f"No package index to install JAX from, and no {PYTHON} that "
            f"names a Python which has it: {installed.stderr[-300:]}"
        )
    return found


def run(python: str, *arguments: str, folder: pathlib.Path) -> str:
    environment = {**environment_with(ROOT), "KERAS_BACKEND": "jax"}
    result = subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def folder(python, tmp_path_factory) -> pathlib.Path:
    """Weights and a model folder of TensorFlow's, and what JAX makes of it."""
    folder = tmp_path_factory.mktemp("steps")
    for name in COMPARED:
        keras.utils.set_random_seed(1)
        model = tiny.pretrainer(tiny.pretraining(**VARIANTS[name]))
        np.savez(folder / f"{name}.npz", **runs.arrays(model))
    saved = runs.save(folder / "run", *runs.pretrained(folder))
    model_folder.write(str(folder / "model_folder"), formats.read(saved))
    run(python, "-m", "tests.pretraining.jax_step", str(folder), folder=folder)
    return folder


@pytest.mark.parametrize("name", COMPARED)
def test_a_step_has_the_loss_and_gradient_of_tensorflow(folder, name):
    config = tiny.pretraining(**VARIANTS[name])
    keras.utils.set_random_seed(1)
    model = tiny.pretrainer(config)
    with tf.GradientTape() as tape:
        output = model(tiny.batch(), stream(STEP), training=True)
        loss = loss_terms.total_loss(objectives.losses(config, output))
    variables = {path: v.value for path, v in model.variables.items()}
    none = tf.UnconnectedGradients.ZERO
    gradients = tape.gradient(loss, variables, unconnected_gradients=none)
    with np.load(folder / f"{name}.step.npz") as received:
        np.testing.assert_allclose(received["loss"], loss, rtol=1e-5)
        assert set(received) == {"loss", *gradients}
        for path, gradient in gradients.items():
            expected = tf.convert_to_tensor(gradient)
            np.testing.assert_allclose(
                received[path], expected, 1e-5, 1e-5, err_msg=path
            )


def test_the_draws_are_those_of_tensorflow(folder):
    with np.load(folder / "draws.npz") as received:
        for name, expected in draws(STEP).items():
            np.testing.assert_array_equal(received[name], expected)


def test_a_trained_encoder_is_loaded(folder):
    encoder = electra_tf.load_encoder(str(folder / "model_folder"))
    expected = encoder(IDS, input_mask=IDS > 0).sequence_output
    received = np.load(folder / "encoded.npy")
    np.testing.assert_allclose(received, expected, 1e-5, 1e-5)


def test_the_page_has_examples_that_run(python, folder):
    page = (ROOT / "docs" / "how_to" / "jax.md").read_text("utf-8")
    examples = re.findall("```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 2
    printed = run(python, "-c", "\n".join(examples), folder=folder)
    *steps, shape = printed.splitlines()
    losses = [float(line.split()[1]) for line in steps]
    assert losses[-1] < losses[0]
    assert shape.startswith("(1, 4, ")


@pytest.mark.parametrize(
    "line",
    [
        "import electra_tf.training.loop",
        "import electra_tf; electra_tf.load_encoder('run')",
    ],
)
def test_what_needs_tensorflow_says_so(python, folder, line):
    with pytest.raises(AssertionError, match=r"needs TensorFlow.*/jax\.md"):
        run(python, "-c", line, folder=folder)
