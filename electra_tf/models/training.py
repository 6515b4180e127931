"""How models of tasks train by default: loss, accuracy, optimizer, settings."""

import inspect
from collections.abc import Callable

import keras
import numpy as np

from electra_tf.configs import FinetuningConfig
from electra_tf.errors import UserError, shown
from electra_tf.layers.configured_layer import PACKAGE
from electra_tf.training.optimizer import CLIP_NORM, DEFAULTS, NOT_DECAYED

# Where the number of a label stands for "nothing to learn here", as in
# transformers.
IGNORED = -100
# Of fine-tuning, by default.
SETTINGS = FinetuningConfig(data_dir=".", model_name=".")


def are_labels(numbers: np.ndarray, count: int) -> bool:
    """Say whether numbers are whole and below a count, or `IGNORED`.

    >>> are_labels(np.array([0, 1, IGNORED]), 2), are_labels(np.array([2]), 2)
    (True, False)
    """
    is_one = (numbers >= 0) & (numbers < count) & (numbers % 1 == 0)
    return bool(np.all(is_one | (numbers == IGNORED)))


def _weights(labels, sample_weight):
    """Return weights of labels, 0 for those that are `IGNORED`."""
    used = keras.ops.cast(keras.ops.not_equal(labels, IGNORED), "float32")
    if sample_weight is None:
        return used
    return used * keras.ops.cast(sample_weight, "float32")


class OfLabels(keras.metrics.MeanMetricWrapper):
    """A mean over labels, but where there is nothing to learn."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count labels that are not `IGNORED`."""
        weights = _weights(y_true, sample_weight)
        return super().update_state(y_true, y_pred, sample_weight=weights)


@keras.saving.register_keras_serializable(PACKAGE)
class MaskedMetric(keras.metrics.Metric):
    """Any metric, of labels that are not `IGNORED`.

    Args:
        metric: `keras.metrics.Metric`, or what Keras finds by it.
    """

    def __init__(self, metric, name: str | None = None, **kwargs):
        found = keras.metrics.get(metric)
        if not isinstance(found, keras.metrics.Metric):
            called = metric
            if not isinstance(metric, str):
                called = getattr(metric, "__name__", "metric")
            found = keras.metrics.MeanMetricWrapper(found, name=called)
        super().__init__(name=name or found.name, **kwargs)
        self.metric = found

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Update the metric with a weight of 0 for labels to leave out."""
        weights = _weights(y_true, sample_weight)
        # Some metrics look every label up.
        y_true = keras.ops.where(keras.ops.equal(y_true, IGNORED), 0, y_true)
        rank, last = len(y_true.shape), y_true.shape[-1]
        if rank == len(y_pred.shape) and last == y_pred.shape[-1]:
            # A number for each label, of which Keras' may not take the mean.
            y_true, y_pred, weights = (
                keras.ops.expand_dims(value, -1)
                for value in (y_true, y_pred, weights)
            )
        self.metric.update_state(y_true, y_pred, sample_weight=weights)

    def result(self):
        """Return the metric's result."""
        return self.metric.result()

    def reset_state(self):
        """Start anew."""
        self.metric.reset_state()

    def get_config(self) -> dict:
        """Return the metric and its name."""
        metric = keras.saving.serialize_keras_object(self.metric)
        return {**super().get_config(), "metric": metric}

    @classmethod
    def from_config(cls, config: dict):
        """Return the metric of a config."""
        metric = keras.saving.deserialize_keras_object(config["metric"])
        return cls(**{**config, "metric": metric})


def masked(metric):
    """Return a metric that leaves out labels that are `IGNORED`."""
    if metric is None or isinstance(metric, OfLabels | MaskedMetric):
        return metric
    return MaskedMetric(metric)


@keras.saving.register_keras_serializable(PACKAGE)
class LabelAccuracy(OfLabels, keras.metrics.SparseCategoricalAccuracy):
    """The share of right labels."""

    def __init__(self, name: str = "accuracy", **kwargs):
        super().__init__(name=name, **kwargs)


@keras.saving.register_keras_serializable(PACKAGE)
class DetectionAccuracy(OfLabels, keras.metrics.BinaryAccuracy):
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


def not_decayed(optimizer, weights) -> list[str]:
    """Return the paths of weights that an optimizer's decay leaves alone."""
    used = _decaying(optimizer)
    # Of TensorFlow's variables, as in an update: their names are paths.
    return [w.path for w in weights if not used._use_weight_decay(w.value)]


def exclude(optimizer, weights, paths: list[str] | None) -> None:
    """Have a new optimizer leave weights alone, which its config does not tell.

    Args:
        optimizer: of a file.
        weights: the model's.
        paths: of `not_decayed`; None in files of before, where the default
            optimizer, of any learning rate, has its own.
    """
    used = _decaying(optimizer)
    if paths is None and _settings(used) == _settings(default_optimizer()):
        used.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    elif paths:
        chosen = [weight for weight in weights if weight.path in {*paths}]
        used.exclude_from_weight_decay(var_list=chosen)


def _decaying(optimizer):
    """Return the optimizer that makes the updates, inside one of float16."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _settings(optimizer) -> dict:
    return {**optimizer.get_config(), "name": None, "learning_rate": None}


# Those of Keras that take probabilities or the like and cannot be told to take
# logits, as classes and as functions.
_OF_PROBABILITIES = {
    "CategoricalGeneralizedCrossEntropy",
    "Dice",
    "KLDivergence",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Tversky",
    "categorical_generalized_cross_entropy",
    "dice",
    "kl_divergence",
    "mean_squared_logarithmic_error",
    "poisson",
    "tversky",
}
# Those that take the numbers of classes.
_OF_NUMBERS = {"Accuracy", "IoU", "MeanIoU"}


def check_measures(model: str, loss=None, **options) -> None:
    """Refuse losses and metrics of Keras that take logits for something else.

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
        if _reads_others(measure, kind.get)
    ]
    if wrong:
        raise UserError(
            f"{model} returns logits, which these would take for "
            f"probabilities or classes: {shown(wrong)}. Give from_logits=True, "
            "or a threshold of 0, where they have one, or leave loss and "
            "metrics out for the usual ones."
        )


def _reads_others(measure, by_name: Callable) -> bool:
    """Say whether a loss or metric reads probabilities or classes."""
    if isinstance(measure, str):
        if measure in ("accuracy", "acc"):
            return False  # The model's own.
        if measure in ("ce", "crossentropy"):  # Keras chooses a metric.
            return True
        try:
            measure = by_name(measure)
        except ValueError:
            return False  # Keras says so.
    kind = type(measure) if hasattr(measure, "get_config") else measure
    if not getattr(kind, "__module__", "").startswith("keras."):
        return False
    if kind.__name__ in _OF_PROBABILITIES:
        return True
    if kind.__name__ in _OF_NUMBERS and getattr(measure, "sparse_y_pred", True):
        return True
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
    return "num_thresholds" in said or any(
        keras.tree.flatten([thresholds, said.get("threshold")])
    )
