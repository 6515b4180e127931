"""C: five updates of the recorded fine-tuning runs."""

import json

import numpy as np
import pytest
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.configs import FinetuningConfig, encoder_config
from electra_tf.finetuning.model import FinetuningModel, rate_multipliers
from electra_tf.finetuning.tasks import task_table
from electra_tf.training.checkpoints import read_variables
from electra_tf.training.optimizer import AdamW
from electra_tf.training.schedules import polynomial_decay_with_warmup
from electra_tf.weights import assign
from tests.fidelity.conftest import goldens_folder
from tests.fidelity.final_state import assert_final_state


def cases() -> list:
    """Return the folders of runs whose tasks are all implemented."""
    paths = sorted((goldens_folder() / "C_finetune").glob("*/config.json"))
    return [
        path.parent
        for path in paths
        if set(json.loads(path.read_text())["tasks"]) <= set(task_table.TASKS)
    ]


@pytest.fixture(scope="module", params=cases(), ids=lambda path: path.name)
def run(request):
    return Replay(request.param)


class Replay:
    """A recorded run, and the same run by this program."""

    def __init__(self, folder):
        self.folder = folder
        self.recorded_config = json.loads((folder / "config.json").read_text())
        self.recorded = self.load("steps.npz")
        self.features = self.load("features.npz")
        config = self.config = self._config()
        encoder = encoder_config(config)
        self.tasks = task_table.tasks(config)
        for task in self.tasks:
            if task.name == "chunk":
                # Otherwise they are read from the raw data.
                task.labels = self.recorded_config["tagging_labels"]
        self.model = FinetuningModel(encoder, self.tasks)
        self.initial = read_variables(str(folder / "ckpt_init"))
        assign(self.model.variables, self.initial)
        total = self.recorded_config["num_train_steps"]
        self.multipliers = rate_multipliers(
            self.model.variables,
            encoder.num_hidden_layers,
            config.layerwise_lr_decay,
            config.layerwise_decay_top_exponent,
        )
        self.schedule = polynomial_decay_with_warmup(
            config.learning_rate, total, total * config.warmup_proportion
        )
        self.optimizer = AdamW(
            self.model.variables,
            self.schedule,
            config.weight_decay_rate,
            self.multipliers,
        )
        self.outputs, self.losses, self.norms = [], [], []
        for step in range(self.recorded_config["steps"]):
            self._step(step)

    def _config(self) -> FinetuningConfig:
        overrides = dict(self.recorded_config["encoder_config"])
        overrides.pop("vocab_size")
        return FinetuningConfig(
            data_dir="unused",
            model_name="unused",
            task_names=self.recorded_config["tasks"],
            model_hparam_overrides=overrides,
            **self.recorded_config["hparams"],
        )

    def load(self, name: str) -> dict:
        with np.load(self.folder / name, allow_pickle=False) as data:
            return dict(data)

    def batch(self, step: int) -> dict:
        return {k: tf.constant(v[step]) for k, v in self.features.items()}

    def _step(self, step: int):
        with tf.GradientTape() as tape:
            terms = self.model.losses(self.batch(step), None)
            loss = loss_terms.total_loss(terms)
        variables = self.optimizer.variables
        gradients = tape.gradient(loss, variables)
        if step == 0:
            self.gradients = {
                path: tf.convert_to_tensor(gradient).numpy()
                for path, gradient in gradients.items()
            }
        self.outputs.append(self.model(self.batch(step), None, training=True))
        self.losses.append(loss)
        recorded_norm = self.recorded["global_norm"][step]
        self.norms.append(self.optimizer.apply(gradients, step, recorded_norm))


def compare_outputs(outputs: list, recorded: dict):
    """Compare what the heads returned with `<task>/<name>` arrays."""
    compared = [name for name in recorded if "/" in name]
    assert compared
    for name in compared:
        task, key = name.split("/")
        if key not in outputs[0][task]:
            # The original's place-holders for what only joint heads have.
            assert "_top_" in key and not recorded[name].any()
            continue
        ours = np.array([output[task][key] for output in outputs])
        if "_top_" in key:
            # What lies below is float noise.
            scores = recorded[name.replace("index", "log_probs")]
            likely = scores > -500
            ours, recorded[name] = ours[likely], recorded[name][likely]
        if ours.dtype.kind == "i":
            np.testing.assert_array_equal(ours, recorded[name], err_msg=name)
        else:
            np.testing.assert_allclose(
                ours, recorded[name], rtol=0, atol=5e-4, err_msg=name
            )


def test_variables_have_the_names_of_the_checkpoint(run):
    assert set(run.model.variables) == set(run.initial)


def test_outputs_of_the_heads(run):
    compare_outputs(run.outputs, run.recorded)


def test_losses_are_sums(run):
    np.testing.assert_allclose(
        run.losses, run.recorded["total_loss"], rtol=0, atol=5e-4
    )


def test_first_gradients(run):
    recorded = run.load("grads_step0.npz")
    names = [str(name) for name in recorded["names"]]
    ours = np.concatenate([run.gradients[name].ravel() for name in names])
    scale = np.linalg.norm(recorded["flat"])
    np.testing.assert_allclose(
        ours / scale, recorded["flat"] / scale, rtol=0, atol=5e-6
    )


def test_global_norms(run):
    np.testing.assert_allclose(
        run.norms, run.recorded["global_norm_dense"], rtol=1e-4
    )


def test_learning_rate_of_every_variable(run):
    keys = run.recorded_config["learning_rate_keys"]
    rates = run.recorded["learning_rates"]
    for path, key in run.recorded_config[
        "learning_rate_key_of_variable"
    ].items():
        ours = [
            float(run.schedule(step)) * run.multipliers[path]
            for step in range(len(rates))
        ]
        np.testing.assert_allclose(
            ours,
            rates[:, keys.index(key)],
            rtol=0,
            atol=1e-6 * run.config.learning_rate,
            err_msg=path,
        )


def test_final_weights_and_slots(run):
    assert_final_state(run.folder, run.model.variables, run.optimizer.slots)


def test_evaluation_after_training(run):
    recorded = run.load("eval_final.npz")
    batches = [run.batch(step) for step in range(2)]
    compare_outputs([run.model(batch, None) for batch in batches], recorded)
    losses = [
        loss_terms.total_loss(run.model.losses(batch, None, training=False))
        for batch in batches
    ]
    np.testing.assert_allclose(
        losses, recorded["total_loss"], rtol=0, atol=5e-4
    )


def layerwise_cases() -> list:
    path = goldens_folder() / "I_learning_rates.json"
    return json.loads(path.read_text())["layerwise"] if path.exists() else []


@pytest.mark.parametrize("case", layerwise_cases())
def test_layerwise_rates(case):
    settings = case["settings"]
    schedule = polynomial_decay_with_warmup(
        settings["lr"],
        settings["total"],
        settings["total"] * settings["warmup_proportion"],
    )
    names = {
        key: key if key.startswith("task") else f"electra/{key.strip('/')}/x"
        for key in case["learning_rates"]
    }
    multipliers = rate_multipliers(
        names.values(), settings["n_layers"], settings["layer_decay"], 2
    )
    for key, recorded in case["learning_rates"].items():
        ours = [float(schedule(step)) for step in case["steps"]]
        np.testing.assert_allclose(
            np.multiply(ours, multipliers[names[key]]),
            recorded,
            rtol=0,
            atol=1e-6 * settings["lr"],
        )
