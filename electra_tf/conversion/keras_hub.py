"""Presets of KerasHub's ElectraBackbone: in and out.

    config.json, model.weights.h5, tokenizer.json,
    assets/tokenizer/vocabulary.txt

`ElectraBackbone.from_preset` and `ElectraTokenizer.from_preset` load what is
written here as it is. KerasHub is not needed, and no object of a preset is
made: JSON and HDF5 are read as values.

Their backbone is the encoder alone, and differs from ours in two things. It
always takes the tanh approximation of GELU, `gelu_new` here. And it has a
pooler, a dense layer with tanh on the first token, which ELECTRA has not: it
is left out, or written as the identity.
"""

import collections
import dataclasses
import os

import numpy as np

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import (
    keras_hub_files,
    keras_hub_names,
    layout,
    model_folder,
    selection,
    weights_h5,
)
from electra_tf.conversion.model import (
    MAIN,
    Model,
    ModelConfig,
    make,
    named_size,
    shapes_of,
)
from electra_tf.errors import UserError


def write(path: str, model: Model) -> Model:
    """Write the main encoder as a preset.

    Args:
        path: str, a folder that is made, or empty.
        model: `Model`.

    Returns:
        The `Model` of the encoder alone, which says what was left out.

    Raises:
        ValueError: when there is no vocabulary, or the activation is no GELU.
        FileExistsError: when something is there.
    """
    chosen = selection.encoder_with(model, "")
    encoder = chosen.config.encoder
    config = keras_hub_files.config_json(encoder)
    tokenizer = keras_hub_files.tokenizer_json(model.config.do_lower_case)
    model_folder.make_folder(path)
    os.makedirs(os.path.dirname(os.path.join(path, keras_hub_files.VOCAB_FILE)))
    model_folder.write_vocab(path, chosen, keras_hub_files.VOCAB_FILE)
    for file, content in (
        (model_folder.CONFIG_FILE, config),
        (keras_hub_files.TOKENIZER_FILE, tokenizer),
    ):
        model_folder.write_json(os.path.join(path, file), content)
    weights_h5.write(
        os.path.join(path, keras_hub_files.WEIGHTS_FILE), _theirs(chosen)
    )
    return dataclasses.replace(chosen, left_out=_not_theirs(model))


def read(
    path: str,
    vocab_file: str | None = None,
    hidden_act: str | None = None,
    do_lower_case: bool = True,
    leave_out: tuple[str, ...] = (),
) -> Model:
    """Read a preset.

    Args:
        path: str, the folder.
        vocab_file: str; by default the preset's.
        hidden_act: str, the activation that the weights were trained with;
            by default the one that KerasHub computes.
        do_lower_case: bool, of a preset without tokenizer.
        leave_out: their names of arrays not to take over.

    Raises:
        FileNotFoundError: when there are no weights.
        ValueError: for another model, or one that ours cannot be.
    """
    values = model_folder.read_json(
        os.path.join(path, model_folder.CONFIG_FILE)
    )
    encoder = keras_hub_files.read_encoder_config(path, values, hidden_act)
    lower_case, left_out = keras_hub_files.read_do_lower_case(
        path, do_lower_case
    )
    arrays = _read_weights(path)
    unknown = set(leave_out) - set(arrays)
    if unknown:
        raise UserError(
            f"{path} has nothing to leave out that is called "
            f"{', '.join(sorted(unknown))}."
        )
    left_out |= dict.fromkeys(leave_out, "not wanted")
    left_out |= keras_hub_files.other_files(path)
    rest = {n: array for n, array in arrays.items() if n not in leave_out}
    _check(path, encoder, rest)
    left_out |= dict.fromkeys(
        keras_hub_names.pooler(encoder), "the pooler, which ELECTRA has not"
    )
    config = ModelConfig(
        encoder, do_lower_case=lower_case, model_size=named_size(encoder)
    )
    vocab = vocab_file or os.path.join(path, keras_hub_files.VOCAB_FILE)
    return make(
        path,
        config,
        _ours(config, rest),
        model_folder.read_vocab(vocab),
        left_out=left_out,
    )


def difference(path: str, model: Model) -> float:
    """Return how far the sequence output of a preset is from the model's.

    Our encoder computes both, the preset's with KerasHub's activation.

    Args:
        path: str, the folder that `write` made.
        model: `Model` that was written.
    """
    # Nothing else here needs TensorFlow.
    from electra_tf.conversion import sequence_output

    inputs = sequence_output.random_inputs(model.config.encoder)
    return sequence_output.difference(
        sequence_output.sequence_output(model, *inputs),
        sequence_output.sequence_output(read(path), *inputs),
        mask=inputs[1],
    )


def _theirs(model: Model) -> dict[str, np.ndarray]:
    """Return the arrays under their names, with a pooler that is none."""
    encoder = model.config.encoder
    arrays = {
        pair.theirs: model.variables[pair.ours].reshape(pair.shape)
        for pair in keras_hub_names.encoder(encoder)
    }
    kernel, bias = keras_hub_names.pooler(encoder)
    arrays[kernel] = np.eye(encoder.hidden_size, dtype=np.float32)
    arrays[bias] = np.zeros(encoder.hidden_size, np.float32)
    return arrays


def _ours(config: ModelConfig, arrays: dict) -> dict[str, np.ndarray]:
    """Return the arrays under our names."""
    shapes = config.shapes
    return {
        pair.ours: arrays[pair.theirs].reshape(shapes[pair.ours])
        for pair in keras_hub_names.encoder(config.encoder)
    }


def _not_theirs(model: Model) -> dict[str, str]:
    """Say what of a model their backbone has no place for."""
    encoder = model.config.encoder
    scopes = collections.Counter(name.split("/")[0] for name in model.variables)
    left_out = {
        f"{scope} ({count} arrays)": "ElectraBackbone is the encoder alone"
        for scope, count in scopes.items()
        if scope != MAIN
    }
    if encoder.hidden_act != keras_hub_files.HIDDEN_ACT:
        left_out[f"hidden_act {encoder.hidden_act}"] = (
            "ElectraBackbone always computes the tanh approximation, "
            f"{keras_hub_files.HIDDEN_ACT}"
        )
    if encoder.attention_probs_dropout_prob != encoder.hidden_dropout_prob:
        left_out["attention_probs_dropout_prob"] = (
            "ElectraBackbone has one dropout, hidden_dropout_prob's"
        )
    return left_out


def _read_weights(path: str) -> dict[str, np.ndarray]:
    file = os.path.join(path, keras_hub_files.WEIGHTS_FILE)
    if not os.path.exists(file):
        raise FileNotFoundError(
            f"{path} has no {keras_hub_files.WEIGHTS_FILE}. A preset in "
            "several files must be saved as one: save_to_preset with "
            "max_shard_size=None."
        )
    arrays = weights_h5.read(file)
    for name in list(arrays):
        today = keras_hub_names.current(name)
        if today not in arrays:
            arrays[today] = arrays.pop(name)
    return arrays


def _check(path: str, encoder: EncoderConfig, arrays: dict):
    """Check names and shapes; messages have both sides' names."""
    pairs = keras_hub_names.encoder(encoder)
    both = {pair.theirs: f"{pair.theirs} ({pair.ours})" for pair in pairs}
    expected = {pair.theirs: pair.shape for pair in pairs}
    expected |= keras_hub_names.pooler(encoder)
    layout.check(
        {both.get(name, name): shape for name, shape in expected.items()},
        {
            both.get(name, name): shape
            for name, shape in shapes_of(arrays).items()
        },
        path,
    )
