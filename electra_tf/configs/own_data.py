"""What the settings of a user's own data must be."""

import dataclasses

from electra_tf.configs.tasks import TASKS
from electra_tf.errors import UserError

GROUP = "your own data"


def check(config) -> None:
    """Raise a ValueError if a `FinetuningConfig` lacks or mixes settings."""
    own = [name for name in config.task_names if TASKS[name].own_data]
    if not own:
        _check_none_given(config)
    elif len(own) > 1:
        raise UserError(
            f"The tasks {' and '.join(map(repr, own))} would read the same "
            "train_file; at most one task of task_names may be of your own "
            f"data. Received: {config.joined_tasks!r}."
        )
    else:
        _check_given(config, own[0])


def _check_none_given(config) -> None:
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.metadata["group"] == GROUP and value != field.default:
            names = [name for name, row in TASKS.items() if row.own_data]
            raise UserError(
                f"{field.name} belongs to the tasks of your own data "
                f"({', '.join(names)}). Received: {field.name} {value!r} with "
                f"task_names {config.joined_tasks!r}."
            )


def _check_given(config, name: str) -> None:
    needed = dict.fromkeys(TASKS[name].needs, "")
    if config.tfds_name is None:
        needed |= {"train_file": " (for its labels)"}
        if config.do_eval:
            needed["dev_file"] = " (for do_eval)"
        if config.write_test_outputs:
            needed["test_file"] = " (for write_test_outputs)"
    missing = [
        setting + purpose
        for setting, purpose in needed.items()
        if getattr(config, setting) is None
    ]
    if missing:
        raise UserError(f"The task {name!r} needs {', '.join(missing)}.")
