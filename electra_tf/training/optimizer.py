"""AdamW as BERT and ELECTRA have it."""

import tensorflow as tf

# Variables whose names hold one of these are not decayed.
NOT_DECAYED = ("LayerNorm", "layer_norm", "bias")

# BERT clips the gradient to this global norm before Adam sees it.
CLIP_NORM = 1.0


class AdamW:
    """Adam without bias correction, with decoupled weight decay.

    `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
    `w -= rate * (m / (sqrt(v) + epsilon) + decay * w)`. The gradient is
    summed over replicas, then clipped by its global norm, then applied, so
    the update does not depend on the number of replicas.

    Args:
        variables: dict from path to `keras.Variable`.
        learning_rate: function from the step to a float scalar tensor.
        weight_decay_rate: float; biases and LayerNorms are not decayed.
        rate_multipliers: dict from path to float, for layer-wise rates; 1 for
            variables that are not in it.
        beta_1, beta_2, epsilon: floats, Adam's constants (Table 6).
        clip_norm: float.
    """

    def __init__(
        self,
        variables: dict,
        learning_rate,
        weight_decay_rate: float = 0.0,
        rate_multipliers: dict | None = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        clip_norm: float = CLIP_NORM,
    ):
        self.variables = {path: v.value for path, v in variables.items()}
        self.learning_rate = learning_rate
        self.weight_decay_rate = weight_decay_rate
        self.rate_multipliers = rate_multipliers or {}
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.clip_norm = clip_norm
        self.slots = {
            f"{path}/{slot}": tf.Variable(
                tf.zeros(variable.shape, tf.float32),
                trainable=False,
                name=slot,
            )
            for path, variable in self.variables.items()
            for slot in ("adam_m", "adam_v")
        }

    def apply(self, gradients: dict, step, global_norm=None):
        """Update the variables; call it in replica context.

        Args:
            gradients: dict from path to this replica's share of the gradient;
                variables with None are left as they are.
            step: integer scalar tensor, the number of this update, from 0.
            global_norm: float scalar to clip by instead of the gradient's
                own norm, to replay recorded runs.

        Returns:
            The global norm of the summed gradient, before clipping.
        """
        present = {k: g for k, g in gradients.items() if g is not None}
        summed = _sum_over_replicas(
            [tf.convert_to_tensor(gradient) for gradient in present.values()]
        )
        norm = tf.linalg.global_norm(summed)
        clipped, _ = tf.clip_by_global_norm(
            summed,
            self.clip_norm,
            use_norm=norm if global_norm is None else global_norm,
        )
        rate = self.learning_rate(step)
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync == 1:
            for path, gradient in zip(present, clipped, strict=True):
                self._update(*self._state(path), gradient, rate, path)
        else:
            context.merge_call(
                self._update_all, args=(list(present), clipped, rate)
            )
        return norm

    def _state(self, path: str) -> tuple:
        slots = (self.slots[f"{path}/{slot}"] for slot in ("adam_m", "adam_v"))
        return self.variables[path], *slots

    def _update_all(self, strategy, paths, gradients, rate):
        """Update every copy of every variable, from cross-replica context."""
        for path, gradient in zip(paths, gradients, strict=True):
            variable, m, v = self._state(path)
            strategy.extended.update(
                variable,
                self._update,
                args=(m, v, gradient, rate, path),
                group=False,
            )

    def _update(self, variable, m, v, gradient, rate, path: str):
        """One Adam step of one variable."""
        # Written out: TensorFlow's fused Adam rounds 1 - beta_2 in float32,
        # which moves every update by 2e-5 of its size.
        gradient = tf.cast(gradient, variable.dtype)
        new_m = self.beta_1 * m + (1 - self.beta_1) * gradient
        new_v = self.beta_2 * v + (1 - self.beta_2) * tf.square(gradient)
        update = new_m / (tf.sqrt(new_v) + self.epsilon)
        if self.weight_decay_rate and is_decayed(path):
            update += self.weight_decay_rate * variable
        m.assign(new_m)
        v.assign(new_v)
        rate *= self.rate_multipliers.get(path, 1.0)
        variable.assign_sub(rate * update)


def is_decayed(path: str) -> bool:
    """Say whether weight decay applies to the variable of this path.

    >>> is_decayed("electra/embeddings/word_embeddings")
    True
    >>> is_decayed("electra/embeddings/LayerNorm/gamma")
    False
    """
    return not any(part in path for part in NOT_DECAYED)


def _sum_over_replicas(tensors: list) -> list:
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return tensors
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensors)
