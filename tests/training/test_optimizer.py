import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.training.optimizer import (
    AdamConstants,
    AdamW,
    Lamb,
    is_decayed,
)


def variable(values):
    return keras.Variable(np.array(values, np.float32))


def test_two_steps_by_hand():
    """m, v and the weight after two steps, without bias correction."""
    weight = variable([1.0])
    adamw = AdamW({"w": weight}, lambda step: 0.1, weight_decay_rate=0.01)
    w, m, v = 1.0, 0.0, 0.0
    for step, gradient in enumerate((0.5, -0.25)):
        adamw.apply({"w": tf.constant([gradient])}, step)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        w -= 0.1 * (m / (np.sqrt(v) + 1e-6) + 0.01 * w)
        assert weight.numpy()[0] == pytest.approx(w, abs=1e-6)
    assert adamw.slots["w/adam_m"].numpy()[0] == pytest.approx(m)
    assert adamw.slots["w/adam_v"].numpy()[0] == pytest.approx(v)


def test_other_constants():
    weight = variable([1.0])
    constants = AdamConstants(beta_1=0.5, beta_2=0.75, epsilon=0.25)
    adamw = AdamW({"w": weight}, lambda step: 0.1, constants=constants)
    adamw.apply({"w": tf.constant([0.5])}, 0)
    # m is 0.25, v 0.0625: the step is 0.1 * 0.25 / (0.25 + 0.25).
    assert weight.numpy()[0] == pytest.approx(0.95)


def test_clips_by_the_global_norm():
    weights = {name: variable([0.0]) for name in "ab"}
    adamw = AdamW(weights, lambda step: 1.0)
    gradients = {"a": tf.constant([30.0]), "b": tf.constant([40.0])}
    norm = adamw.apply(gradients, 0)
    assert float(norm) == pytest.approx(50)
    # The clipped gradient is (0.6, 0.8); a tenth of it goes into m.
    assert adamw.slots["a/adam_m"].numpy()[0] == pytest.approx(0.06)
    assert adamw.slots["b/adam_m"].numpy()[0] == pytest.approx(0.08)


def test_decay_spares_biases_and_norms():
    weights = {
        name: variable([1.0])
        for name in ("x/kernel", "x/bias", "x/LayerNorm/gamma", "output_bias")
    }
    adamw = AdamW(weights, lambda step: 0.5, weight_decay_rate=0.1)
    adamw.apply({name: tf.constant([0.0]) for name in weights}, 0)
    decayed = {k for k, v in weights.items() if v.numpy()[0] != 1}
    assert decayed == {"x/kernel"} == set(filter(is_decayed, weights))
    assert weights["x/kernel"].numpy()[0] == pytest.approx(0.95)


def test_rate_multipliers():
    weights = {name: variable([0.0]) for name in "ab"}
    adamw = AdamW(weights, lambda step: 1.0, rate_multipliers={"b": 0.25})
    gradients = {name: tf.constant([0.1]) for name in "ab"}
    adamw.apply(gradients, 0)
    ratio = weights["b"].numpy() / weights["a"].numpy()
    assert ratio[0] == pytest.approx(0.25)


def test_repeated_rows_of_a_table_are_added():
    table = variable(np.zeros((3, 2)))
    adamw = AdamW({"t": table}, lambda step: 1.0, clip_norm=100.0)
    with tf.GradientTape() as tape:
        rows = tf.gather(table.value, [1, 1])
        loss = tf.reduce_sum(rows)
    adamw.apply({"t": tape.gradient(loss, table.value)}, 0)
    np.testing.assert_allclose(
        adamw.slots["t/adam_m"], [[0, 0], [0.2, 0.2], [0, 0]], rtol=1e-6
    )


def test_variables_without_gradient_stay():
    weights = {name: variable([1.0]) for name in "ab"}
    adamw = AdamW(weights, lambda step: 1.0, weight_decay_rate=0.1)
    adamw.apply({"a": tf.constant([1.0]), "b": None}, 0)
    assert weights["b"].numpy()[0] == 1


@pytest.mark.parametrize("optimizer", [AdamW, Lamb])
@pytest.mark.parametrize("bad", [{"loss": np.inf}, {"gradient": np.nan}])
def test_an_update_that_is_not_finite_changes_nothing(optimizer, bad):
    weights = {name: variable([1.0, 2.0]) for name in ("a", "b")}
    chosen = optimizer(weights, lambda step: 0.1, weight_decay_rate=0.1)
    good = {name: tf.constant([0.5, -0.5]) for name in weights}
    chosen.apply(good, 0)
    state = {**weights, **chosen.slots}
    before = {name: value.numpy().copy() for name, value in state.items()}
    damaged = {**good, "b": tf.constant([bad.get("gradient", 1.0), 1.0])}
    norm = chosen.apply(damaged, 1, loss=bad.get("loss", 0.0))
    assert not np.isfinite(norm)
    for name, value in state.items():
        np.testing.assert_array_equal(value.numpy(), before[name])


@pytest.mark.parametrize("largest, changed", [(None, True), (99.0, False)])
def test_a_sum_beyond_the_format_of_its_parts(largest, changed):
    weight = variable([1.0, 2.0])
    adamw = AdamW({"w": weight}, lambda step: 0.1)
    norm = adamw.apply({"w": tf.constant([-100.0, 1])}, 0, largest=largest)
    assert np.isfinite(norm) == changed
    assert (weight.numpy()[0] != 1) == changed


def test_a_scaled_loss_gives_the_same_update():
    weights = [variable([1.0, 2.0]) for _ in range(2)]
    for weight, scale in zip(weights, (1.0, 1024.0), strict=True):
        adamw = AdamW({"w": weight}, lambda step: 0.1)
        gradient = scale * tf.constant([30.0, 40.0])
        norm = adamw.apply({"w": gradient}, 0, loss_scale=scale)
        assert float(norm) == pytest.approx(50)
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize(
    "optimizer, weight_decay, peer",
    [
        (AdamW, 0.1, keras.optimizers.AdamW(0.05, 0.1, epsilon=1e-6)),
        (Lamb, 0.0, keras.optimizers.Lamb(0.05, epsilon=1e-6)),
    ],
)
def test_with_bias_correction_agrees_with_keras(optimizer, weight_decay, peer):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(4, 3)).astype(np.float32)
    ours, theirs = variable(start), variable(start)
    chosen = optimizer(
        {"kernel": ours},
        lambda step: 0.05,
        weight_decay_rate=weight_decay,
        clip_norm=1e6,
        bias_correction=True,
    )
    peer.build([theirs])
    for step in range(5):
        gradient = tf.constant(rng.normal(size=(4, 3)), tf.float32)
        chosen.apply({"kernel": gradient}, step)
        peer.apply([gradient])
        # Epsilon is added before, respectively after the correction.
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_lamb_keeps_adams_length_where_nothing_decays():
    weights = [{"bias": variable([1.0])} for _ in range(2)]
    for optimizer, weight in zip((AdamW, Lamb), weights, strict=True):
        chosen = optimizer(weight, lambda step: 0.1)
        chosen.apply({"bias": tf.constant([0.3])}, 0)
    np.testing.assert_array_equal(*(weight["bias"] for weight in weights))


def test_lamb_of_a_zero_variable():
    weight = variable([[0.0, 0.0]])
    Lamb({"kernel": weight}, lambda step: 0.1).apply(
        {"kernel": tf.constant([[0.3, -0.3]])}, 0
    )
    assert np.all(weight.numpy() != 0)
