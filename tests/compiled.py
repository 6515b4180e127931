"""Lowering to XLA, which is what a TPU runs, without a TPU."""

import re

import tensorflow as tf

# A dimension with a bound instead of a size: `f32[<=4,16]`.
_DYNAMIC = re.compile(r"\[[^\]]*<=[^\]]*\]")


def lowered(function, *arguments) -> str:
    """Return the HLO that a Python function of tensors compiles to.

    Nothing is run, and no XLA optimization either.

    Raises:
        ValueError: for an operation that XLA does not have; TensorFlow names
            it and the line it comes from. Or for a shape that is not fixed.
    """
    compiled = tf.function(function, jit_compile=True)
    hlo = compiled.experimental_get_compiler_ir(*arguments)(
        stage="hlo", platform_name="CPU"
    )
    dynamic = _DYNAMIC.search(hlo)
    if dynamic:
        raise ValueError(f"A shape is not fixed: {dynamic[0]}")
    return hlo
