"""B: six optimizer steps of every recorded pre-training variant."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.pretraining import objectives
from electra_tf.training.checkpoints import read_variables
from electra_tf.training.optimizer import AdamW
from electra_tf.training.schedules import polynomial_decay_with_warmup
from tests.fidelity.conftest import goldens_folder
from tests.fidelity.final_state import assert_final_state
from tests.fidelity.recorded_run import RecordedRun

CASES = sorted((goldens_folder() / "B_pretrain").glob("*/config.json"))


@pytest.fixture(
    scope="module", params=CASES, ids=[case.parent.name for case in CASES]
)
def run(request):
    return Replay(request.param.parent)


class Replay:
    """A recorded run, and the same run by this program."""

    def __init__(self, folder):
        self.run = RecordedRun(folder)
        self.recorded = self.run.load("steps.npz")
        config = self.run.config
        schedule = polynomial_decay_with_warmup(
            config.learning_rate,
            config.num_train_steps,
            config.num_warmup_steps,
            config.lr_decay_power,
        )
        self.optimizer = AdamW(
            self.run.pretrainer.variables, schedule, config.weight_decay_rate
        )
        self.schedule = schedule
        self.outputs, self.losses, self.norms = [], [], []
        for step in range(self.run.steps):
            self._step(step)

    def _step(self, step: int):
        with tf.GradientTape() as tape:
            output = self.run.forward(step)
            terms = objectives.losses(self.run.config, output)
            loss = loss_terms.total_loss(terms)
        variables = self.optimizer.variables
        gradients = tape.gradient(loss, variables)
        if step == 0:
            self.gradients = {
                path: np.zeros(variables[path].shape, np.float32)
                if gradient is None
                else tf.convert_to_tensor(gradient).numpy()
                for path, gradient in gradients.items()
            }
        recorded_norm = self.recorded["global_norm"][step]
        norm = self.optimizer.apply(gradients, step, recorded_norm)
        means = {name: loss_terms.value(term) for name, term in terms.items()}
        self.outputs.append(output)
        self.losses.append({"total_loss": loss, **means})
        self.norms.append(norm)

    def compare(self, name, values, **tolerance):
        recorded = self.recorded[name]
        if tolerance:
            np.testing.assert_allclose(values, recorded, **tolerance)
        else:
            np.testing.assert_array_equal(values, recorded)


def test_variables_have_the_names_of_the_checkpoint(run):
    assert set(run.run.pretrainer.variables) == run.run.checkpoint_names


def test_generator_has_the_recorded_sizes(run):
    recorded = run.run.recorded["generator_config"]
    generator = run.run.pretrainer.generator
    if recorded is None or not hasattr(generator, "encoder"):
        return
    if run.run.config.weight_sharing == "all":
        return
    for name, value in recorded.items():
        assert getattr(generator.encoder.config, name) == value, name


def test_masking_is_exact(run):
    masked = [output.masked for output in run.outputs]
    run.compare("masked_input_ids", [m.input_ids for m in masked])
    run.compare("masked_lm_positions", [m.positions for m in masked])
    run.compare("masked_lm_ids", [m.ids for m in masked])
    run.compare("masked_lm_weights", [m.weights for m in masked])


def test_generator_logits_and_losses(run):
    logits = [output.generator_output.logits for output in run.outputs]
    if "mlm_logits_step0" in run.recorded:
        run.compare("mlm_logits_step0", logits[0], rtol=0, atol=2e-5)
    losses = [
        objectives.token_losses(values, output.masked.ids)
        for values, output in zip(logits, run.outputs, strict=True)
    ]
    run.compare("mlm_per_position_loss", losses, rtol=0, atol=2e-4)
    name = "cloze_loss" if "cloze_loss" in run.recorded else "mlm_loss"
    generator_losses = [loss["mlm_loss"] for loss in run.losses]
    run.compare(name, generator_losses, rtol=0, atol=2e-4)


def test_generator_predictions(run):
    """The best token, except where two scores tie to 1e-4."""
    logits = np.array([o.generator_output.logits for o in run.outputs])
    best = np.sort(logits, axis=-1)[..., -2:]
    clear = best[..., 1] - best[..., 0] > 1e-4
    predicted = logits.argmax(-1)
    recorded = run.recorded["mlm_preds"]
    np.testing.assert_array_equal(predicted[clear], recorded[clear])


def test_cloze_losses_at_every_position(run):
    if "cloze_per_position_loss" not in run.recorded:
        return
    losses = [
        objectives.token_losses(
            o.generator_output.cloze_logits, o.batch.input_ids
        )
        for o in run.outputs
    ]
    run.compare("cloze_per_position_loss", losses, rtol=0, atol=2e-4)
    run.compare("cloze_weights", [o.maskable for o in run.outputs])


def test_sampling_and_corruption_are_exact(run):
    if not run.run.config.detects:
        return
    live = run.recorded["masked_lm_weights"] > 0
    sampled = np.array([o.corrupted.sampled_ids for o in run.outputs])
    np.testing.assert_array_equal(
        sampled[live], run.recorded["sampled_ids"][live]
    )
    corrupted = [output.corrupted for output in run.outputs]
    run.compare("corrupted_input_ids", [c.input_ids for c in corrupted])
    run.compare("is_fake", [c.is_fake for c in corrupted])


def test_discriminator(run):
    if not run.run.config.detects:
        return
    logits = np.array([output.disc_logits for output in run.outputs])
    run.compare("disc_logits", logits, rtol=0, atol=2e-4)
    clear = np.abs(logits) > 1e-4
    np.testing.assert_array_equal(
        (logits > 0)[clear], run.recorded["disc_preds"][clear]
    )
    losses = [loss["disc_loss"] for loss in run.losses]
    run.compare("disc_loss", losses, rtol=0, atol=2e-4)


def test_total_loss(run):
    losses = [loss["total_loss"] for loss in run.losses]
    run.compare("total_loss", losses, rtol=0, atol=2e-4)


def test_first_gradients(run):
    recorded = run.run.load("grads_step0.npz")
    names = [str(name) for name in recorded["names"]]
    ours = np.concatenate([run.gradients[name].ravel() for name in names])
    scale = np.linalg.norm(recorded["flat"])
    np.testing.assert_allclose(
        ours / scale, recorded["flat"] / scale, rtol=0, atol=5e-6
    )


def test_global_norms_and_learning_rates(run):
    """Ours is the norm of the summed gradient, as the original's on TPU."""
    run.compare("global_norm_dense", run.norms, rtol=1e-4)
    rates = [run.schedule(step) for step in range(run.run.steps)]
    base = run.run.config.learning_rate
    run.compare("learning_rate", rates, rtol=0, atol=1e-6 * base)


def test_final_weights_and_slots(run):
    assert_final_state(
        run.run.folder, run.run.pretrainer.variables, run.optimizer.slots
    )


def test_checkpoint_without_slots_is_read_whole(run):
    final = read_variables(str(run.run.folder / "ckpt_final"))
    assert set(final) == run.run.checkpoint_names
