"""What pre-training left beside its checkpoint; no TensorFlow."""

import json
import os

from electra_tf.configs import FinetuningConfig

# The settings that say which encoder a checkpoint holds, and for which text.
SHAPE = (
    "model_size",
    "model_hparam_overrides",
    "embedding_size",
    "vocab_size",
    "do_lower_case",
)


def with_saved_shape(config: FinetuningConfig) -> FinetuningConfig:
    """Return the config with the encoder that was pre-trained.

    Its shape is read from the `config.json` beside the checkpoint, so that it
    need not be given twice. Without such a file the config stays as it is.

    Raises:
        ValueError: when the config was given another shape; names each
            setting. Training from scratch may have its own.
    """
    path, saved = _read(config.init_checkpoint)
    saved = {name: saved[name] for name in SHAPE if name in saved}
    conflicts = [
        f"  {name}: {value!r} in {path}, {getattr(config, name)!r} given"
        for name, value in saved.items()
        if name in config.given and value != getattr(config, name)
    ]
    if conflicts and not config.from_scratch:
        raise ValueError(
            "The pre-trained model is not the one that was asked for:\n"
            + "\n".join(conflicts)
            + "\nLeave these settings out to take the model's, or choose "
            "another model_name or init_checkpoint."
        )
    rest = {k: v for k, v in saved.items() if k not in config.given}
    return config.replace(**rest)


def _read(checkpoint: str) -> tuple[str, dict]:
    """Return the path and content of the config of a folder or prefix."""
    inside = os.path.isdir(checkpoint)
    folder = checkpoint if inside else os.path.dirname(checkpoint)
    path = os.path.join(folder, "config.json")
    try:
        with open(path, encoding="utf-8") as file:
            saved = json.load(file)
    except FileNotFoundError:
        return path, {}
    except ValueError as error:
        raise ValueError(
            f"{path} is no JSON file ({error}). Restore it, or remove it and "
            "give the model's settings as flags."
        ) from None
    return path, saved if isinstance(saved, dict) else {}
