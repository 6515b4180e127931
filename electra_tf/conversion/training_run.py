"""Runs of this program, as models: a folder of checkpoints and its config."""

import os

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
    hparams,
)
from electra_tf.conversion import model_folder
from electra_tf.conversion.model import (
    GENERATOR,
    MAIN,
    TOWERS,
    Model,
    ModelConfig,
    make,
    shapes_of,
    with_parts,
    without,
)
from electra_tf.errors import UserError
from electra_tf.training import checkpoints

# The end of a variable that is added to another network's.
DIFFERENCE = "_difference"


def read(
    path: str, vocab_file: str | None = None, leave_out: tuple[str, ...] = ()
) -> Model:
    """Read the newest weights of a pre-training or fine-tuning run.

    Args:
        path: str, the run's folder, or the prefix of one of its checkpoints.
        vocab_file: str, the vocabulary, if it is no longer where the run's
            config says.
        leave_out: names of parts that are not wanted.

    Raises:
        FileNotFoundError: when there is no checkpoint or config.
        ValueError: when config and weights do not fit each other.
    """
    settings = _settings(path)
    if getattr(settings, "objective", None) == "two_tower":
        raise UserError(
            f"{path} has two towers and no main encoder: objective "
            "'two_tower'. It scores texts (electra_tf.pretraining.score) and "
            "goes on by its own command; expected a run with an encoder."
        )
    config = ModelConfig(
        encoder_config(settings),
        generator=_generator(settings),
        do_lower_case=settings.do_lower_case,
        model_size=settings.model_size,
    )
    variables = with_sums(checkpoints.read_variables(path))
    variables = without(variables, leave_out)
    state = checkpoints.read_training_state(path)
    config = with_parts(path, config, shapes_of(variables), state.step)
    vocab = model_folder.read_vocab(vocab_file or settings.vocab_file)
    return make(path, config, variables, vocab, slots=state.slots)


def with_sums(variables: dict) -> dict:
    """Return variables with the embeddings that differences stand for.

    The main encoder's tables of a run with `weight_sharing` "disentangled"
    are the generator's plus a difference; elsewhere they are tables.
    """
    sums = dict(variables)
    for name in variables:
        if name.startswith(f"{MAIN}/embeddings/") and name.endswith(DIFFERENCE):
            table = name.removesuffix(DIFFERENCE)
            (source,) = (
                other
                for other in variables
                if other.startswith((GENERATOR, *TOWERS))
                and other.endswith(table.removeprefix(MAIN))
            )
            sums[table] = variables[source] + sums.pop(name)
    return sums


def _settings(path: str) -> PretrainingConfig | FinetuningConfig:
    """Return the config that the run wrote beside its checkpoints."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    file = os.path.join(folder, model_folder.CONFIG_FILE)
    values = model_folder.read_json(file)
    if not values:
        raise FileNotFoundError(
            f"No {file}. Expected the config that the run wrote there; without "
            "it nothing tells what its weights are."
        )
    finetuned = "task_names" in values
    kind = FinetuningConfig if finetuned else PretrainingConfig
    return hparams.from_json(kind, values)


def _generator(settings):
    own = getattr(settings, "has_small_generator", False)
    return generator_config(settings) if own else None
