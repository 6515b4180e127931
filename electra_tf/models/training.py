"""How models of tasks train by default: loss, accuracy, optimizer, settings."""

import keras

from electra_tf.configs import FinetuningConfig
from electra_tf.layers.configured_layer import PACKAGE
from electra_tf.training.optimizer import CLIP_NORM, DEFAULTS, NOT_DECAYED

# Where the number of a label stands for "nothing to learn here", as in
# transformers.
IGNORED = -100
# Of fine-tuning, by default.
SETTINGS = FinetuningConfig(data_dir=".", model_name=".")


class LabelAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """The share of right labels, but where there is nothing to learn."""

    def __init__(self, name: str = "accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count labels that are not `IGNORED`."""
        used = keras.ops.cast(keras.ops.not_equal(y_true, IGNORED), "float32")
        if sample_weight is not None:
            used *= keras.ops.cast(sample_weight, "float32")
        return super().update_state(y_true, y_pred, sample_weight=used)


keras.saving.register_keras_serializable(PACKAGE)(LabelAccuracy)


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
