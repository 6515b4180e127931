"""What a run is trained on: kept in its folder, and compared on resuming."""

import os
import sys

from electra_tf.errors import UserError
from electra_tf.io import files, spare_files

INPUTS_FILE = "inputs.json"


def check(folder: str, inputs: dict, accept: bool):
    """Compare what a run is trained on with what it was begun with.

    Args:
        folder: the run's folder.
        inputs: what tells the inputs from others, by name: hashes, settings.
        accept: whether other inputs than before are right.

    Raises:
        UserError: when they differ; it names each with both values.
    """
    path = os.path.join(folder, INPUTS_FILE)
    before = spare_files.read_json(path) or {}
    changes = [
        f"  {name}: {before[name]} when it began, {value} now"
        for name, value in inputs.items()
        if name in before and before[name] != value
    ]
    if changes:
        text = "\n".join(changes)
        if not accept:
            raise UserError(
                f"What the run in {folder} is trained on has changed:\n{text}\n"
                "Give it what it was begun with, a new name, or "
                "--accept_changed_inputs to go on with what there is now."
            )
        print(f"Going on with changed inputs:\n{text}", file=sys.stderr)
    if before != (now := before | inputs):
        files.write_json(path, now)
