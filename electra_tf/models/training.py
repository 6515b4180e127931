"""How models of tasks train by default: loss, accuracy, optimizer, settings."""

import inspect
from collections.abc import Callable

import keras

from electra_tf.configs import FinetuningConfig
from electra_tf.errors import UserError, shown
from electra_tf.layers.configured_layer import PACKAGE
from electra_tf.training.optimizer import CLIP_NORM, DEFAULTS, NOT_DECAYED

# Where the number of a label stands for "nothing to learn here", as in
# transformers.
IGNORED = -100
# Of fine-tuning, by default.
SETTINGS = FinetuningConfig(data_dir=".", model_name=".")


class _OfLabels(keras.metrics.MeanMetricWrapper):
    """A mean over labels, but where there is nothing to learn."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count labels that are not `IGNORED`."""
        used = keras.ops.cast(keras.ops.not_equal(y_true, IGNORED), "float32")
        if sample_weight is not None:
            used *= keras.ops.cast(sample_weight, "float32")
        return super().update_state(y_true, y_pred, sample_weight=used)


@keras.saving.register_keras_serializable(PACKAGE)
class LabelAccuracy(_OfLabels, keras.metrics.SparseCategoricalAccuracy):
    """The share of right labels."""

    def __init__(self, name: str = "accuracy", **kwargs):
        super().__init__(name=name, **kwargs)


@keras.saving.register_keras_serializable(PACKAGE)
class DetectionAccuracy(_OfLabels, keras.metrics.BinaryAccuracy):
    """The share of logits above 0 for 1, and below for 0."""

    def __init__(self, name: str = "accuracy", threshold=0.0, **kwargs):
        super().__init__(name=name, threshold=threshold, **kwargs)


@keras.saving.register_keras_serializable(PACKAGE, "_DetectionLoss")
class DetectionLoss(keras.losses.Loss):
    """The cross entropy of each token, so that each may have a weight."""

    def call(self, y_true, y_pred):
        """Return losses `(batch, length)`, 0 where nothing is to be learnt."""
        labels = keras.ops.cast(y_true, y_pred.dtype)
        losses = keras.ops.softplus(y_pred) - labels * y_pred
        is_used = keras.ops.not_equal(labels, IGNORED)
        return keras.ops.where(is_used, losses, keras.ops.zeros_like(losses))


def label_loss() -> keras.losses.Loss:
    """Return the cross entropy of logits and labels' numbers."""
    return keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=IGNORED
    )


def default_optimizer() -> keras.optimizers.Optimizer:
    """Return Keras' AdamW with the settings of fine-tuning."""
    made = keras.optimizers.AdamW(
        SETTINGS.learning_rate,
        weight_decay=SETTINGS.weight_decay_rate,
        beta_1=DEFAULTS.beta_1,
        beta_2=DEFAULTS.beta_2,
        epsilon=DEFAULTS.epsilon,
        global_clipnorm=CLIP_NORM,
    )
    made.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    return made


def check_measures(model: str, loss=None, **options) -> None:
    """Refuse losses and metrics of Keras that take logits for probabilities.

    Args:
        model: str, whose outputs are logits.
        loss, **options: of `keras.Model.compile`.
    """
    wrong = [
        measure
        for kind, chosen in (
            (keras.losses, loss),
            (keras.metrics, options.get("metrics")),
            (keras.metrics, options.get("weighted_metrics")),
        )
        for measure in keras.tree.flatten(chosen)
        if _reads_probabilities(measure, kind.get)
    ]
    if wrong:
        raise UserError(
            f"{model} returns logits, which these would take for "
            f"probabilities: {shown(wrong)}. Give from_logits=True, or a "
            "threshold of 0, or leave loss and metrics out for the usual ones."
        )


def _reads_probabilities(measure, by_name: Callable) -> bool:
    if isinstance(measure, str):
        if measure in ("ce", "crossentropy"):  # Keras chooses a metric.
            return True
        try:
            measure = by_name(measure)
        except ValueError:
            return False  # Keras says so.
    kind = type(measure) if hasattr(measure, "get_config") else measure
    if not getattr(kind, "__module__", "").startswith("keras."):
        return False
    if hasattr(measure, "get_config"):
        said = measure.get_config()
    else:
        parameters = inspect.signature(measure).parameters.values()
        said = {each.name: each.default for each in parameters}
    if "from_logits" in said:
        return not said["from_logits"]
    thresholds = said.get("thresholds", 0.0)
    if thresholds is None:
        thresholds = 0.0 if said.get("top_k") else 0.5  # As Keras has it.
    return (
        kind.__name__ in ("KLDivergence", "kl_divergence")
        or "num_thresholds" in said
        or any(keras.tree.flatten([thresholds, said.get("threshold")]))
    )
