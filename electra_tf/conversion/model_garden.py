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

import os

import numpy as np
import tensorflow as tf

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import load, model_folder, selection
from electra_tf.conversion.model import MAIN, Model, renamed
from electra_tf.errors import UserError
from electra_tf.io import files

PREFIX = "model.ckpt"
ENCODER_FILE = "encoder.json"
POOLER = "pooler_transform"


# From our names to theirs.
RULES = (
    (f"^{MAIN}/", ""),
    ("^embeddings/word_embeddings$", "word_embeddings/embeddings"),
    ("^embeddings/token_type_embeddings$", "type_embeddings/embeddings"),
    ("^embeddings/position_embeddings$", "position_embedding/embeddings"),
    ("^embeddings/LayerNorm/", "embeddings/layer_norm/"),
    ("^embeddings_project/", "embedding_projection/"),
    ("^encoder/", "transformer/"),
    ("/attention/self/", "/self_attention/"),
    ("/attention/output/dense/", "/self_attention/attention_output/"),
    ("/attention/output/LayerNorm/", "/self_attention_layer_norm/"),
    ("/(intermediate|output)/dense/", r"/\1/"),
    ("/output/LayerNorm/", "/output_layer_norm/"),
)


def write(path: str, model: Model) -> Model:
    """Write the main encoder's checkpoint; return the encoder alone.

    Raises:
        UserError: when there is no vocabulary, or the activation is not gelu.
    """
    chosen = selection.encoder_with(model, "")
    settings = arguments(chosen.config.encoder)
    encoder = _new_encoder(settings)
    _assign(encoder, chosen)
    model_folder.make_folder(path)
    model_folder.write_vocab(path, chosen)
    files.write_json(os.path.join(path, ENCODER_FILE), settings)
    tf.train.Checkpoint(encoder=encoder).write(os.path.join(path, PREFIX))
    return chosen


def difference(path: str, model: Model) -> float:
    """Return how far their encoder's sequence output is from ours."""
    theirs = _new_encoder(
        model_folder.read_json(os.path.join(path, ENCODER_FILE))
    )
    status = tf.train.Checkpoint(encoder=theirs).read(
        os.path.join(path, PREFIX)
    )
    status.assert_existing_objects_matched()
    ids, mask, segments = load.random_inputs(model.config.encoder)
    inputs = {
        "input_word_ids": ids,
        "input_mask": mask,
        "input_type_ids": segments,
    }
    outputs = theirs({k: tf.constant(v) for k, v in inputs.items()})
    return load.largest_difference(
        load.sequence_output(model, ids, mask, segments),
        outputs["sequence_output"].numpy(),
        mask,
    )


def arguments(config: EncoderConfig) -> dict:
    """Return the arguments that make their encoder.

    Raises:
        UserError: for another activation than gelu.
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
    arrays = {renamed(n, RULES): a for n, a in model.variables.items()}
    size = model.config.encoder.hidden_size
    arrays[f"{POOLER}/kernel"] = np.eye(size, dtype=np.float32)
    arrays[f"{POOLER}/bias"] = np.zeros(size, np.float32)
    for weight in encoder.weights:
        array = arrays.pop(weight.name.split(":")[0])
        weight.assign(array.reshape(weight.shape))
