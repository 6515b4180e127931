"""Writes a model and its tokenizer as a model folder."""

import dataclasses

import keras
import numpy as np

from electra_tf.conversion import formats, model_folder
from electra_tf.conversion.model import Model, of_variables
from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.models.encoder_model import EncoderModel
from electra_tf.models.pretraining import Pretraining
from electra_tf.models.task_model import TaskModel
from electra_tf.models.tokenizer import Tokenizer


def save(
    folder: str,
    model: EncoderModel | Encoder | Pretraining,
    tokenizer: Tokenizer | None = None,
) -> None:
    """Write a model folder, which all of electra_tf reads.

    Prediction, serving and export take that of a fine-tuned model,
    `--init_checkpoint` and `python -m electra_tf.conversion.convert` any.

    Args:
        folder: str, must not be there yet, or be empty.
        model: `Classifier`, `Tagger`, `QuestionAnswerer`, `MultipleChoice`,
            `MaskedLM`, `Discriminator`, `Pretraining` or `Encoder`.
        tokenizer: `Tokenizer`; the model's own by default.

    Raises:
        FileExistsError: when something is in the folder.
        UserError: without a tokenizer, or for weights that are quantized.
            Those of LoRA are merged.
    """
    formats.write(folder, model_of(model, tokenizer), "model_folder")


def model_of(model, tokenizer: Tokenizer | None = None) -> Model:
    """Return a Keras model as arrays by name, with what reads texts."""
    if isinstance(model, Pretraining):
        return model.model(tokenizer)
    if not isinstance(model, EncoderModel | Encoder):
        raise UserError(
            "What to save must be an Encoder, a Classifier or another model "
            f"of electra_tf. Received: {type(model).__name__}."
        )
    tokenizer = tokenizer or getattr(model, "tokenizer", None)
    if tokenizer is None:
        raise UserError(
            "A model folder needs a tokenizer: electra_tf.save(folder, model, "
            "electra_tf.Tokenizer.load(...))."
        )
    encoder = model if isinstance(model, Encoder) else model.encoder
    if isinstance(model, Encoder):
        if not model.built:
            model.build()
        variables = {weight.path: weight for weight in model.weights}
    else:
        variables = model.variables_by_path
    arrays = _plain(model, variables)
    made = of_variables(
        f"the {type(model).__name__}",
        encoder.config,
        arrays,
        tokenizer.content,
        tokenizer.config.tokenizer_settings,
    )
    if not isinstance(model, TaskModel):
        return made
    tasks = model_folder.tasks_json(
        [model.task.to_json()], dataclasses.asdict(model.settings)
    )
    return dataclasses.replace(made, tasks_json=tasks)


def _plain(model, variables) -> dict[str, np.ndarray]:
    """Return a model's arrays by path, with LoRA's merged into the kernels."""
    merged = {}
    for layer in model._flatten_layers():
        if getattr(layer, "quantization_mode", None):
            raise UserError(
                "A model folder holds plain weights. Received: "
                f"{layer.path}, which is quantized. Save the folder first, or "
                "this model as .keras."
            )
        if getattr(layer, "lora_enabled", False):
            merged[f"{layer.path}/kernel"] = layer.kernel
    plain = {**variables, **merged}
    return {
        path: np.asarray(keras.ops.convert_to_numpy(value))
        for path, value in plain.items()
        if not path.rpartition("/")[2].startswith("lora_")
    }
