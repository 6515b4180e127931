"""A trained encoder from wherever its weights are, in one call."""

import tempfile

from electra_tf.conversion import convert
from electra_tf.conversion.model import Model
from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training import checkpoints


def load_encoder(path: str) -> Encoder:
    """Return a model's main encoder, the discriminator's body.

    Args:
        path: str, a model folder, or any other that
            `python -m electra_tf.conversion.convert` reads.

    Returns:
        `Encoder`; call it with `input_ids` and, where there is padding,
        `input_mask`.

    Raises:
        FileNotFoundError: when no model is there.
        ValueError: when its weights do not fit its config.
    """
    return encoder(convert.read(path))


def encoder(model: Model) -> Encoder:
    """Return the main encoder of a model, with its weights."""
    made = Encoder(model.config.encoder)
    made.build()
    variables = {variable.path: variable for variable in made.variables}
    checkpoints.assign(variables, model.variables)
    return made


def tokenizer(model: Model, source: str) -> Tokenizer:
    """Return the tokenizer of a model's vocabulary.

    Raises:
        ValueError: when the model has none.
    """
    if model.vocab is None:
        raise UserError(f"{source} has no vocabulary, which texts need.")
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(model.vocab)
        file.flush()
        return Tokenizer(file.name, do_lower_case=model.config.do_lower_case)
