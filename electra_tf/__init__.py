"""ELECTRA pre-training and fine-tuning in TensorFlow and Keras 3.

An encoder of your own, or a trained one from a model folder:

>>> import electra_tf
>>> config = electra_tf.EncoderConfig(
...     vocab_size=100, hidden_size=8, num_hidden_layers=2,
...     num_attention_heads=2, intermediate_size=16)
>>> encoder = electra_tf.Encoder(config)
>>> tuple(encoder(np.array([[2, 5, 7, 3]])).sequence_output.shape)
(1, 4, 8)
"""

import importlib
import os
import signal
import sys
import typing

__version__ = "0.1.0"

if typing.TYPE_CHECKING:
    from electra_tf.configs import EncoderConfig as EncoderConfig
    from electra_tf.conversion.load import load_encoder as load_encoder
    from electra_tf.encoder import Encoder as Encoder
    from electra_tf.finetuning.serving.text_predictor import (
        load_predictor as load_predictor,
    )
    from electra_tf.models.classifier import Classifier as Classifier
    from electra_tf.models.multiple_choice import (
        MultipleChoice as MultipleChoice,
    )
    from electra_tf.models.pretraining import Pretraining as Pretraining
    from electra_tf.models.question_answerer import (
        QuestionAnswerer as QuestionAnswerer,
    )
    from electra_tf.models.saving import save as save
    from electra_tf.models.tagger import Tagger as Tagger
    from electra_tf.models.token_models import Discriminator as Discriminator
    from electra_tf.models.token_models import MaskedLM as MaskedLM
    from electra_tf.models.tokenizer import Tokenizer as Tokenizer

# Looked up when first used: TensorFlow takes seconds to import, and configs,
# flags and `--help` must not wait for it.
_MODULE_OF = {
    "Classifier": "electra_tf.models.classifier",
    "Discriminator": "electra_tf.models.token_models",
    "Encoder": "electra_tf.encoder",
    "EncoderConfig": "electra_tf.configs",
    "MaskedLM": "electra_tf.models.token_models",
    "MultipleChoice": "electra_tf.models.multiple_choice",
    "Pretraining": "electra_tf.models.pretraining",
    "QuestionAnswerer": "electra_tf.models.question_answerer",
    "Tagger": "electra_tf.models.tagger",
    "Tokenizer": "electra_tf.models.tokenizer",
    "load_encoder": "electra_tf.conversion.load",
    "load_predictor": "electra_tf.finetuning.serving.text_predictor",
    "save": "electra_tf.models.saving",
}
__all__ = list(_MODULE_OF)


def installed_program() -> str | None:
    """Return the name of the running program, if it is one of setup.py's."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    return name if name.startswith("electra-") else None


if (sys.argv[:1] == ["-m"] or installed_program()) and (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
):
    # A program of ours is about to be imported; until it has begun Ctrl-C has
    # nothing to save. `command_line.interruptible` ends this.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE_OF])


def __getattr__(name: str):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)
