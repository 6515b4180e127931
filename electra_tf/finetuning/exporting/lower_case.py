"""Lower case as Python has it, in a graph.

`tf.strings.lower` is no substitute: it follows the locale of the process
(under Turkish, the lower case of I has no dot) and the Unicode version of the
TensorFlow that runs it.
"""

import numpy as np
import tensorflow as tf

from electra_tf.finetuning.exporting.character_class import (
    character_class,
    characters,
)

# The one letter whose lower case is two characters.
_DOTTED_I = "\u0130"
# The one letter whose lower case depends on its neighbours.
_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"


class LowerCase(tf.Module):
    """Lower-cases texts exactly as this Python's `str.lower` does."""

    def __init__(self):
        super().__init__()
        lower = [c.lower() for c in characters()]
        pairs = [
            (ord(c), ord(small))
            for c, small in zip(characters(), lower, strict=True)
            if c != small and len(small) == 1
        ]
        # One code more than there are capitals; those from it on stay.
        codes = np.arange(max(pairs)[0] + 2, dtype=np.int32)
        capitals, small = np.transpose(pairs)
        codes[capitals] = small
        self._codes = tf.constant(codes)
        self._final_sigma = _final_sigma()

    def __call__(self, texts):
        """Return strings `(B,)` in lower case."""
        texts = tf.strings.regex_replace(texts, _DOTTED_I, _DOTTED_I.lower())
        texts = tf.strings.regex_replace(
            texts, self._final_sigma, rf"\1{_FINAL_SIGMA}\2"
        )
        codes = tf.strings.unicode_decode(texts, "UTF-8")
        flat, last = codes.flat_values, len(self._codes) - 1
        small = tf.gather(self._codes, tf.minimum(flat, last))
        return tf.strings.unicode_encode(
            codes.with_flat_values(tf.where(flat < last, small, flat)), "UTF-8"
        )


def _final_sigma() -> str:
    """Return the pattern of a capital sigma at a word's end.

    It follows a letter that has a case and precedes none; Unicode calls what
    may be in between, as apostrophes and accents, case-ignorable. Python's
    own answers tell which characters are which.
    """

    def is_cased(character: str) -> bool:
        return f"{character}{_SIGMA}".lower().endswith(_FINAL_SIGMA)

    def is_ignorable(character: str) -> bool:
        final = f"a{character}{_SIGMA}".lower().endswith(_FINAL_SIGMA)
        return final and not is_cased(character)

    cased, ignorable = character_class(is_cased), character_class(is_ignorable)
    before = f"([{cased}][{ignorable}]*)"
    after = f"([{ignorable}]*(?:[^{cased}{ignorable}]|$))"
    return f"{before}{_SIGMA}{after}"
