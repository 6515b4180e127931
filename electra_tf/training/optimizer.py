"""AdamW as BERT and ELECTRA have it, and LAMB for large batches."""

import dataclasses
import math
import typing
from collections.abc import Callable

import tensorflow as tf

from electra_tf.training import distribution

# Variables whose names hold one of these are not decayed.
NOT_DECAYED = ("LayerNorm", "layer_norm", "bias")

# BERT clips the gradient to this global norm before Adam sees it.
CLIP_NORM = 1.0


class AdamConstants(typing.NamedTuple):
    """Adam's constants, by default those of ELECTRA, Table 6."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-6


DEFAULTS = AdamConstants()


@dataclasses.dataclass(eq=False)
class AdamW:
    """Adam without bias correction, with decoupled weight decay.

    `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
    `w -= rate * (m / (sqrt(v) + epsilon) + decay * w)`. The gradient is
    summed over replicas, then clipped by its global norm, then applied, so
    the update does not depend on the number of replicas.

    Args:
        variables: dict from path to `keras.Variable`.
        learning_rate: function from the step to a float scalar tensor.
        weight_decay_rate: float; biases and LayerNorms are not decayed, and
            nothing is where it is 0 or below.
        rate_multipliers: dict from path to float, for layer-wise rates; 1 for
            variables that are not in it.
        clip_norm: float.
        bias_correction: bool, whether to divide m and v by 1 - beta^(step + 1)
            as the paper on Adam does; without, the first updates are up to
            six times as long.
        constants: `AdamConstants`.
        communication: `tf.distribute.experimental.CommunicationOptions`, how
            replicas exchange gradients; None for the strategy's own way.
    """

    variables: dict
    learning_rate: Callable
    weight_decay_rate: float = 0.0
    rate_multipliers: dict = dataclasses.field(default_factory=dict)
    clip_norm: float = CLIP_NORM
    bias_correction: bool = False
    constants: AdamConstants = DEFAULTS
    communication: tf.distribute.experimental.CommunicationOptions | None = None

    def __post_init__(self):
        self.variables = {p: v.value for p, v in self.variables.items()}
        self.slots = {
            f"{path}/{slot}": tf.Variable(
                tf.zeros(variable.shape, tf.float32), trainable=False, name=slot
            )
            for path, variable in self.variables.items()
            for slot in ("adam_m", "adam_v")
        }

    def apply(
        self,
        gradients: dict,
        step,
        global_norm=None,
        loss=0.0,
        loss_scale=1.0,
        largest=None,
    ):
        """Update the variables; call it in replica context.

        An update whose gradient or loss is not finite on some replica leaves
        variables and slots as they are.

        Args:
            gradients: dict from path to this replica's share of the gradient,
                times `loss_scale`; variables with None or without an entry
                are left as they are.
            step: integer scalar tensor, the number of this update, from 0.
            global_norm: float scalar to clip by instead of the gradient's
                own norm, to replay recorded runs.
            loss: float scalar, this replica's loss.
            loss_scale: float scalar.
            largest: float, the largest number of the gradients' own format. A
                sum beyond it counts as not finite, as it is where fewer
                replicas or parts share the batch. None for float32.

        Returns:
            The global norm of the summed gradient, before clipping; not
            finite when the update was skipped.
        """
        present = {k: g for k, g in gradients.items() if g is not None}
        *summed, loss = _sum_over_replicas(
            [*map(tf.convert_to_tensor, [*present.values(), loss])],
            self.communication,
        )
        # 0 * loss is NaN for a loss that is not finite.
        norm = tf.linalg.global_norm(summed) / loss_scale + 0.0 * loss
        if largest is not None:
            peaks = [tf.reduce_max(tf.abs(gradient)) for gradient in summed]
            norm = tf.where(tf.reduce_max(peaks) > largest, math.inf, norm)
        finite = tf.math.is_finite(norm)
        used = norm if global_norm is None else global_norm
        factor = self.clip_norm * tf.minimum(1 / used, 1 / self.clip_norm)
        update = _Update(
            # 0 makes even a gradient of NaN 0, by multiply_no_nan.
            factor=tf.where(finite, factor / loss_scale, 0.0),
            rate=tf.where(finite, self.learning_rate(step), 0.0),
            beta_1=tf.where(finite, self.constants.beta_1, 1.0),
            beta_2=tf.where(finite, self.constants.beta_2, 1.0),
            corrections=self._corrections(step),
        )
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync == 1:
            for path, gradient in zip(present, summed, strict=True):
                self._update(*self._state(path), gradient, update, path)
        else:
            context.merge_call(
                self._update_all, args=(list(present), summed, update)
            )
        return norm

    def _corrections(self, step):
        """Return what m and v are divided by: float32 scalars, or None."""
        if not self.bias_correction:
            return None
        number = tf.cast(step + 1, tf.float32)
        beta_1, beta_2, _ = self.constants
        return 1 - beta_1**number, 1 - beta_2**number

    def _state(self, path: str) -> tuple:
        slots = (self.slots[f"{path}/{slot}"] for slot in ("adam_m", "adam_v"))
        return self.variables[path], *slots

    def _update_all(self, strategy, paths, gradients, update):
        """Update every copy of every variable, from cross-replica context."""
        for path, gradient in zip(paths, gradients, strict=True):
            variable, m, v = self._state(path)
            strategy.extended.update(
                variable,
                self._update,
                args=(m, v, gradient, update, path),
                group=False,
            )

    def _update(self, variable, m, v, gradient, update, path: str):
        """Make the step of one variable."""
        multiplier = self.rate_multipliers.get(path, 1.0)
        rate = update.rate if multiplier == 1 else update.rate * multiplier
        new_m, new_v, step = self._step(
            *(tf.convert_to_tensor(value) for value in (variable, m, v)),
            gradient,
            update,
            rate,
            is_decayed(path),
        )
        m.assign(new_m)
        v.assign(new_v)
        variable.assign_sub(step)

    # A function of its own is traced once for all variables of a shape. It
    # takes values: with several replicas a variable that is passed to a
    # function is the first replica's.
    @tf.function(autograph=False)
    def _step(self, variable, m, v, gradient, update, rate, decayed: bool):
        """Return m, v and what is taken from the variable."""
        # Written out: TensorFlow's fused Adam rounds 1 - beta_2 in float32,
        # which moves every update by 2e-5 of its size.
        gradient = tf.cast(gradient, variable.dtype)
        gradient = tf.math.multiply_no_nan(gradient, update.factor)
        beta_1, beta_2, epsilon = self.constants
        m = update.beta_1 * m + (1 - beta_1) * gradient
        v = update.beta_2 * v + (1 - beta_2) * tf.square(gradient)
        of_m, of_v = m, v
        if update.corrections:
            of_m, of_v = m / update.corrections[0], v / update.corrections[1]
        direction = of_m / (tf.sqrt(of_v) + epsilon)
        if self.weight_decay_rate > 0 and decayed:
            direction += self.weight_decay_rate * variable
        return m, v, rate * self._scaled(direction, variable, decayed)

    def _scaled(self, direction, variable, decayed: bool):
        """Return the direction with the length that it is to have."""
        return direction


class Lamb(AdamW):
    """AdamW whose steps are as long as the weights they change.

    For large batches (You et al. 2020, "Large Batch Optimization for Deep
    Learning", algorithm 2). Each direction is multiplied by the ratio of the
    norms of its variable and of itself, 1 when either is 0. Biases and
    LayerNorms, which are not decayed, keep AdamW's length, as in the
    authors' runs on BERT.
    """

    def _scaled(self, direction, variable, decayed: bool):
        if not decayed:
            return direction
        length, own = tf.norm(direction), tf.norm(variable)
        ratio = tf.math.divide_no_nan(own, length)
        return direction * tf.where(ratio > 0, ratio, 1.0)


OPTIMIZERS = {"adamw": AdamW, "lamb": Lamb}


def of_config(
    config,
    variables: dict,
    learning_rate: Callable,
    rate_multipliers: dict | None = None,
) -> AdamW:
    """Return the optimizer that the config of either program asks for."""
    return OPTIMIZERS[config.optimizer](
        variables,
        learning_rate,
        config.weight_decay_rate,
        rate_multipliers or {},
        bias_correction=config.adam_bias_correction,
        constants=AdamConstants(
            config.adam_beta_1, config.adam_beta_2, config.adam_epsilon
        ),
        communication=distribution.communication(config),
    )


class _Update(typing.NamedTuple):
    """The float32 scalars that an update's variables share."""

    factor: tf.Tensor
    rate: tf.Tensor
    beta_1: tf.Tensor
    beta_2: tf.Tensor
    corrections: tuple | None


def is_decayed(path: str) -> bool:
    """Say whether weight decay applies to the variable of this path.

    >>> is_decayed("electra/embeddings/word_embeddings")
    True
    >>> is_decayed("electra/embeddings/LayerNorm/gamma")
    False
    """
    return not any(part in path for part in NOT_DECAYED)


def _sum_over_replicas(tensors: list, options) -> list:
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return tensors
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensors, options)
