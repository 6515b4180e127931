"""Checkpoints for the TensorFlow Model Garden's `BertEncoder`: out only.

    model.ckpt.*      of tf.train.Checkpoint(encoder=...)
    encoder.json      the arguments that make the encoder
    vocab.txt

Its encoder has a pooler, a dense layer with tanh on the first token, which
ELECTRA has not. It becomes the identity, so that pooled outputs are tanh of
the first token's vector.

    encoder = official.nlp.modeling.networks.BertEncoder(
        **json_arguments, inner_activation=tf_keras.activations.gelu)
    tf.train.Checkpoint(encoder=encoder).read("FOLDER/model.ckpt")
"""

import json
import os

import numpy as np
import tensorflow as tf

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import model_folder, selection, sequence_output
from electra_tf.conversion.model import MAIN, Model
from electra_tf.errors import UserError

PREFIX = "model.ckpt"
ENCODER_FILE = "encoder.json"
POOLER = "pooler_transform"


def embeddings() -> dict[str, str]:
    """Our names of the embeddings' variables, by theirs."""
    ours = f"{MAIN}/embeddings"
    return {
        "word_embeddings/embeddings": f"{ours}/word_embeddings",
        "position_embedding/embeddings": f"{ours}/position_embeddings",
        "type_embeddings/embeddings": f"{ours}/token_type_embeddings",
        **_normalization("embeddings/layer_norm", ours),
        **_dense("embedding_projection", f"{MAIN}/embeddings_project"),
    }


def block(index: int) -> dict[str, str]:
    """Our names of one transformer layer's variables, by theirs."""
    theirs = f"transformer/layer_{index}"
    ours = f"{MAIN}/encoder/layer_{index}"
    names = {}
    for part in ("query", "key", "value"):
        names |= _dense(
            f"{theirs}/self_attention/{part}", f"{ours}/attention/self/{part}"
        )
    attended = f"{ours}/attention/output"
    return {
        **names,
        **_dense(
            f"{theirs}/self_attention/attention_output", f"{attended}/dense"
        ),
        **_normalization(f"{theirs}/self_attention_layer_norm", attended),
        **_dense(f"{theirs}/intermediate", f"{ours}/intermediate/dense"),
        **_dense(f"{theirs}/output", f"{ours}/output/dense"),
        **_normalization(f"{theirs}/output_layer_norm", f"{ours}/output"),
    }


def _dense(theirs: str, ours: str) -> dict[str, str]:
    return {f"{theirs}/{n}": f"{ours}/{n}" for n in ("kernel", "bias")}


def _normalization(theirs: str, ours: str) -> dict[str, str]:
    return {f"{theirs}/{n}": f"{ours}/LayerNorm/{n}" for n in ("gamma", "beta")}


def write(path: str, model: Model) -> Model:
    """Write the main encoder's checkpoint.

    Args:
        path: str, a folder that is made, or empty.
        model: `Model`.

    Returns:
        The `Model` of the encoder alone.

    Raises:
        ValueError: when there is no vocabulary, or the activation is not
            gelu.
        FileExistsError: when something is there.
    """
    chosen = selection.encoder_with(model, "")
    encoder = _new_encoder(arguments(chosen.config.encoder))
    _assign(encoder, chosen)
    model_folder.make_folder(path)
    model_folder.write_vocab(path, chosen)
    model_folder.write_json(
        os.path.join(path, ENCODER_FILE), arguments(chosen.config.encoder)
    )
    tf.train.Checkpoint(encoder=encoder).write(os.path.join(path, PREFIX))
    return chosen


def difference(path: str, model: Model) -> float:
    """Return how far their encoder's sequence output is from ours.

    Args:
        path: str, the folder that `write` made.
        model: `Model` that was written.
    """
    with open(os.path.join(path, ENCODER_FILE), encoding="utf-8") as file:
        theirs = _new_encoder(json.load(file))
    status = tf.train.Checkpoint(encoder=theirs).read(
        os.path.join(path, PREFIX)
    )
    status.assert_existing_objects_matched()
    ids, mask, segments = sequence_output.random_inputs(model.config.encoder)
    inputs = {
        "input_word_ids": ids,
        "input_mask": mask,
        "input_type_ids": segments,
    }
    outputs = theirs({k: tf.constant(v) for k, v in inputs.items()})
    return sequence_output.difference(
        sequence_output.sequence_output(model, ids, mask, segments),
        outputs["sequence_output"].numpy(),
        mask,
    )


def arguments(config: EncoderConfig) -> dict:
    """Return the arguments that make their encoder.

    Raises:
        ValueError: for another activation than gelu.
    """
    if config.hidden_act != "gelu":
        raise UserError(
            "Only encoders with hidden_act 'gelu' are written for the Model "
            f"Garden. Received: {config.hidden_act!r}."
        )
    return {
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "num_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "max_sequence_length": config.max_position_embeddings,
        "type_vocab_size": config.type_vocab_size,
        "inner_dim": config.intermediate_size,
        "embedding_width": config.embedding_size,
        "output_dropout": config.hidden_dropout_prob,
        "attention_dropout": config.attention_probs_dropout_prob,
        "dict_outputs": True,
    }


def _new_encoder(settings: dict):
    # The Model Garden is slow to import and nothing else here needs it.
    import tf_keras
    from official.nlp.modeling import networks

    # Its default is the approximate GELU.
    gelu = tf_keras.activations.gelu
    return networks.BertEncoder(**settings, inner_activation=gelu)


def _assign(encoder, model: Model):
    """Give their variables our values; heads have an axis of their own."""
    names = embeddings()
    for index in range(model.config.encoder.num_hidden_layers):
        names |= block(index)
    for weight in encoder.weights:
        name = weight.name.split(":")[0]
        weight.assign(_value(name, names, model, weight.shape))


def _value(name: str, names: dict, model: Model, shape) -> np.ndarray:
    if name == f"{POOLER}/kernel":
        return np.eye(shape[0], dtype=np.float32)
    if name == f"{POOLER}/bias":
        return np.zeros(shape, np.float32)
    return model.variables[names[name]].reshape(shape)
