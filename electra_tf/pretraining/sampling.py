"""Samples tokens from what a generator proposes: a table of samplers.

A sampler is a function from float32 logits `(B, N, V)` and a `RandomStream` to
int32 tokens `(B, N)`. B batch, N positions, V vocabulary.
"""

from keras import ops

# Keeps both logarithms of the Gumbel noise finite.
NOISE_EPSILON = 1e-9

# Tokens whose probabilities are added before one of them is chosen.
BLOCK = 64

# Taken from the logit of a token that must not be sampled.
DISALLOWED = 1000.0


def adjusted_logits(logits, masked: tuple, config):
    """Apply the temperature to logits; forbid the true token if asked to."""
    logits = logits / config.temperature
    if not config.disallow_correct:
        return logits
    correct = ops.one_hot(masked.ids, logits.shape[-1], dtype="float32")
    return logits - DISALLOWED * correct


def gumbel(logits, random):
    """Sample by the largest of logits + Gumbel noise, as the original does."""
    noise = random.uniform(ops.shape(logits), "noise")
    inner = -ops.log(noise + NOISE_EPSILON)
    scores = logits - ops.log(inner + NOISE_EPSILON)
    return ops.cast(ops.argmax(scores, axis=-1), "int32")


def inverse_cdf(logits, random):
    """Sample from softmax(logits) by one uniform number a position.

    The vocabulary is cut into blocks; the number chooses a block by the
    blocks' sums, then a token in it. A running sum over the whole vocabulary
    is the slowest operation of a training step on a CPU.
    """
    noise = random.uniform(ops.shape(logits)[:2], "noise")
    weights = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    vocab_size = logits.shape[-1]
    padding = -vocab_size % BLOCK
    weights = ops.pad(weights, ((0, 0), (0, 0), (0, padding)))
    batch, number, padded = ops.shape(weights)
    blocks = ops.reshape(weights, (batch, number, padded // BLOCK, BLOCK))
    sums = ops.sum(blocks, axis=-1)  # [B, N, V / BLOCK]
    block, rest = _choose(sums, noise * ops.sum(sums, axis=-1))
    inside = ops.take_along_axis(blocks, block[..., None, None], axis=2)
    offset, _ = _choose(inside[:, :, 0], rest)
    return ops.minimum(block * BLOCK + offset, vocab_size - 1)


def _choose(weights, threshold):
    """Find where sums of `(B, N, W)` pass thresholds, and what is left then."""
    cumulative = ops.cumsum(weights, axis=-1)
    passed = ops.cast(cumulative <= threshold[..., None], "int32")
    index = ops.minimum(ops.sum(passed, axis=-1), weights.shape[-1] - 1)
    before = ops.sum(weights * ops.cast(passed, "float32"), axis=-1)
    return index, threshold - before


SAMPLERS = {"gumbel": gumbel, "inverse_cdf": inverse_cdf}
