"""Base of the Keras models: compiling, training and evaluating them.

B batch, L length.
"""

import abc
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.models import given
from electra_tf.models.training import (
    OfLabels,
    check_measures,
    default_optimizer,
    exclude,
    masked,
    not_decayed,
)

_OWN = ("trained", "not_decayed")  # In a compile config, beside Keras' own.


class TrainedModel(keras.Model, abc.ABC):
    """What Keras' methods take besides arrays: texts, and labels by name."""

    LABEL_AXES = 1  # 2 where each token has a label.

    @abc.abstractmethod
    def prepared(self, x, y=None) -> tuple[Any, Any]:
        """Return inputs and targets as `keras.Model.fit` takes them."""

    @abc.abstractmethod
    def _defaults(self) -> dict[str, Any]:
        """Return the loss and the metrics to compile with."""

    def _class_weight(self, weights: Mapping):
        """Return the weights of classes by their numbers."""
        raise UserError(
            "class_weight needs one label of some for each text, and what "
            f"{type(self).__name__} learns is none; give sample_weight. "
            f"Received: {weights}."
        )

    def compile(
        self, optimizer="auto", loss="auto", metrics="auto", **kwargs
    ) -> None:
        """Choose how to train; what is "auto" is fine-tuning's default."""
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = default_optimizer()
        usual = self._defaults()
        options = {
            "jit_compile": self._compiles,
            **usual,
        }
        chosen = {"loss": loss, "metrics": metrics, **kwargs}
        for name, value in chosen.items():
            if not isinstance(value, str) or value != "auto":
                options[name] = value
        if self._gives_logits:
            check_measures(type(self).__name__, **options)
        leaves_out = any(
            isinstance(metric, OfLabels) for metric in keras.tree.flatten(usual)
        )

        def made(metric):
            metric = self._own_accuracy(metric)
            return masked(metric) if leaves_out else metric

        for name in ("metrics", "weighted_metrics"):
            options[name] = keras.tree.map_structure(made, options.get(name))
        super().compile(optimizer=optimizer, **options)

    @property
    def _compiles(self) -> bool:
        """Whether XLA compiles by default: never for several replicas."""
        replicas = self.distribute_strategy.num_replicas_in_sync
        return replicas == 1 and bool(tf.config.list_physical_devices("GPU"))

    @property
    def _gives_logits(self) -> bool:
        return True

    def _own_accuracy(self, metric):
        """Return the accuracy of this model's outputs for its name."""
        if metric not in ("accuracy", "acc"):
            return metric
        usual = self._defaults()
        own = [*(usual["metrics"] or ()), *usual.get("weighted_metrics", ())]
        return next((m for m in own if not isinstance(m, str)), metric)

    def get_compile_config(self) -> dict[str, Any]:
        """Return how it is compiled, and whether it was trained."""
        trained = self.optimizer is not None and self.optimizer.built
        config = {**super().get_compile_config(), "trained": trained}
        if self.optimizer is not None:
            config["not_decayed"] = not_decayed(self.optimizer, self.weights)
        return config

    def compile_from_config(self, config) -> None:
        """Compile as the saved model was."""
        rest = {n: v for n, v in config.items() if n not in _OWN}
        options = keras.saving.deserialize_keras_object(rest)
        if options.get("optimizer") is not None:
            paths = config.get("not_decayed")
            exclude(options["optimizer"], self.weights, paths)
        self.compile(**options)
        if config.get("trained"):
            self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, *args, validation_data=None, **kwargs):
        """Train as `keras.Model.fit` does; x may be texts.

        Args:
            x: texts, a list of pairs, ids as of a call, or a dataset.
            y: labels.
            validation_data: as x and y, in a tuple, or a dataset.
            *args, **kwargs: of `keras.Model.fit`.
        """
        if isinstance(validation_data, list | tuple):
            checked = self.prepared(*validation_data[:2])
            rest = map(given.weights, validation_data[2:])
            validation_data = (*checked, *rest)
        elif validation_data is not None:
            validation_data, _ = self.prepared(validation_data)
        kwargs = self._weighted(kwargs)
        x, y = self.prepared(x, y)
        try:
            return super().fit(
                x, y, *args, validation_data=validation_data, **kwargs
            )
        except Exception:
            self.train_function = None  # It may be half made.
            raise

    def _weighted(self, arguments: dict) -> dict:
        """Return arguments with weights as Keras takes them."""
        made = {**arguments}
        for name, of in (
            ("class_weight", self._class_weight),
            ("sample_weight", given.weights),
        ):
            if made.get(name) is not None:
                made[name] = of(made[name])
        return made

    def train_step(self, data):
        """Train on a batch as `keras.Model` does."""
        return super().train_step(self._labelled(data))

    def test_step(self, data):
        """Evaluate a batch as `keras.Model` does."""
        return super().test_step(self._labelled(data))

    def _labelled(self, data) -> tuple:
        """Return inputs, targets and weights of a batch.

        A weight of a text is one of each of its tokens.
        """
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        if isinstance(weight, Mapping):  # Keras has one for each label.
            weight = next(iter(weight.values()))
        axes = self.LABEL_AXES if weight is None else len(weight.shape)
        if axes < self.LABEL_AXES:
            weight = keras.ops.expand_dims(weight, -1)
        if axes > self.LABEL_AXES and weight.shape[-1] != 1:
            raise UserError(
                f"sample_weight of {type(self).__name__} must be a number for "
                f"each label. Received: weights of the shape {weight.shape}."
            )
        return x, y, weight

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Return the loss as `keras.Model` does, of labels that fit."""
        if y is None:
            raise UserError("fit and evaluate need labels. Received: none.")
        if axes := getattr(y, "ndim", None):
            self._check_labels(y, axes, most=len(y_pred.shape))
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def _check_labels(self, y, axes: int, most: int) -> None:
        """Refuse what Keras would cut to whole numbers, or repeat."""
        most += y.shape[-1] == 1
        kind = keras.backend.standardize_dtype(y.dtype)
        is_cut = self._learns_numbers and keras.backend.is_float_dtype(kind)
        if is_cut or not self.LABEL_AXES <= axes <= most:
            raise UserError(
                f"Labels of {type(self).__name__} must be "
                f"{'whole ' if is_cut else ''}numbers with {self.LABEL_AXES} "
                f"to {most} axes. Received: {kind} of the shape {y.shape}."
            )

    @property
    def _learns_numbers(self) -> bool:
        """Whether labels are the numbers of classes."""
        kind = keras.losses.SparseCategoricalCrossentropy
        return isinstance(self.loss, kind)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Make what `compile` left to be made, for a strategy's replicas.

        Keras takes the mean over replicas of a first batch, which makes
        numbers of ids that are none, fails where replicas have unequal parts,
        and loses that batch where an epoch has a number of steps. What is made
        depends on shapes and kinds alone, which the dataset tells.
        """
        if iterator is not None and self._distribute_strategy is not None:
            spec = iterator._distributed_dataset.element_spec
            data_batch = tf.nest.map_structure(_of_first_replica, spec)
        super()._maybe_symbolic_build(data_batch=data_batch)

    def _symbolic_build(self, iterator=None, data_batch=None):
        """Make it of a batch as a step has it."""
        data = keras.tree.map_structure(_symbolic, data_batch)
        super()._symbolic_build(data_batch=self._labelled(data))

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Evaluate as `keras.Model.evaluate` does; x may be texts."""
        if "_use_cached_eval_dataset" not in kwargs:
            x, y = self.prepared(x, y)
            kwargs = self._weighted(kwargs)
        return super().evaluate(x, y, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        """Return the outputs of a call as arrays; x may be texts."""
        return super().predict(self.prepared(x)[0], *args, **kwargs)

    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, **kwargs
    ):
        """Make an update as `keras.Model.train_on_batch`; x may be texts."""
        weights = {"sample_weight": sample_weight, "class_weight": class_weight}
        kwargs |= self._weighted(weights)
        return super().train_on_batch(*self.prepared(x, y), **kwargs)

    def test_on_batch(self, x, y=None, sample_weight=None, **kwargs):
        """Evaluate as `keras.Model.test_on_batch` does; x may be texts."""
        kwargs |= self._weighted({"sample_weight": sample_weight})
        return super().test_on_batch(*self.prepared(x, y), **kwargs)

    def predict_on_batch(self, x):
        """Return the outputs of a call as arrays; x may be texts."""
        return super().predict_on_batch(self.prepared(x)[0])


def _of_first_replica(spec):
    """Return the first replica's spec of a distributed dataset's values."""
    return tf.nest.flatten(spec, expand_composites=True)[0]


def _symbolic(value):
    """Return a value of a shape and a dtype as one without numbers."""
    if not hasattr(value, "dtype"):
        return None
    kind = keras.backend.standardize_dtype(value.dtype)
    return keras.KerasTensor(tuple(value.shape), kind)
