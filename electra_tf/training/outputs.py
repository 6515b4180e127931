"""Files that a run writes where its settings say: none replaces another.

    outputs.json             in the run's folder: the files that are its own

No TensorFlow here, so that a program is refused before any work.
"""

import os
from collections.abc import Collection, Iterable

from electra_tf.errors import UserError
from electra_tf.io import files, spare_files

OUTPUTS_FILE = "outputs.json"


def check(
    folder: str,
    written: Iterable[tuple[str, str]],
    usual: Collection[str] = (),
) -> None:
    """Refuse outputs that would replace each other, or files of others.

    What passes is the run's own from then on, which it may write again.

    Args:
        folder: str, the run's.
        written: pairs of a setting and a file, or folder, that it leads to.
        usual: names of settings whose files are the run's own anyway.

    Raises:
        UserError: for an output that exists and is none of the run's, or two
            in the same place.
    """
    path = os.path.join(folder, OUTPUTS_FILE)
    own = spare_files.read_json(path, list) or []
    settings: dict[str, str] = {}
    for name, output in written:
        place = output if files.is_remote(output) else os.path.realpath(output)
        if place in settings:
            raise UserError(
                f"{output} would be written twice, by {settings[place]} and "
                f"{name}. Give each output a file of its own; of a path for "
                "several tasks or trials {:} is replaced by their names and "
                "numbers."
            )
        settings[place] = name
        if name not in usual and place not in own and files.exists(output):
            raise UserError(
                f"{output} is there already, and not from this run, which "
                f"would replace it. Move it, or give another {name} or "
                "model_name."
            )
    if new := [*settings.keys() - {*own}]:
        files.write_json(path, [*own, *sorted(new)])
