"""The memory that a pre-training step takes: an estimate.

Weights, gradients and Adam's two slots are exact. The rest was fitted to
updates of small networks on a CPU (`benchmarks/training_memory.py`), where
TensorFlow fuses little: what a layer keeps of every token for its backward
pass, logits, what the update makes on its way (as much as the weights), and
what the program itself takes. docs/flops.md has the figures.
"""

from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency.networks import networks, parameters

FLOAT32 = 4
# Of a layer, for a token: 21 numbers by the hidden size. q, k, v, contexts,
# two sums, two scaled ones and the output are 9; GELU keeps 3 of 4 times that.
_KEPT_PER_HIDDEN = 21 * FLOAT32
# Of each score: the softmax, that after dropout, and a mask of a byte.
_KEPT_PER_SCORE = 2 * FLOAT32 + 1
_LOGIT_COPIES = 3  # Fitted: logits, their noise or softmax, a gradient.
# Fitted: the traced graph and the allocator's pools, on a CPU.
_PROGRAM = 1_000_000_000


def training_memory(config: PretrainingConfig) -> dict[str, int]:
    """Return the bytes of a step on one device, by what they are for.

    In float32, with the whole batch on the device; `accumulation_steps` cuts
    what grows with the batch.

    >>> config = PretrainingConfig(
    ...     data_dir="D", model_name="M", train_batch_size=32)
    >>> memory = training_memory(config)
    >>> memory["weights"], memory["activations"], memory["logits"]
    (56784876, 1604321280, 222688512)
    >>> round(sum(memory.values()) / 1e9, 2)
    3.11
    """
    weights = FLOAT32 * parameters(config)
    examples = config.train_batch_size // config.accumulation_steps
    return {
        "weights": weights,
        "gradients": weights,
        "Adam": 2 * weights,
        "update": weights,
        "activations": examples * _kept_per_example(config),
        "logits": examples * _logits_per_example(config),
        "program": _PROGRAM,
    }


def _kept_per_example(config: PretrainingConfig) -> int:
    length = config.max_seq_length
    return length * sum(
        encoder.num_hidden_layers
        * (
            _KEPT_PER_HIDDEN * encoder.hidden_size
            + _KEPT_PER_SCORE * encoder.num_attention_heads * length
        )
        for encoder, *_ in networks(config).passes
    )


def _logits_per_example(config: PretrainingConfig) -> int:
    tokens = sum(head.tokens for head in networks(config).predictions)
    return FLOAT32 * _LOGIT_COPIES * tokens * config.vocab_size
