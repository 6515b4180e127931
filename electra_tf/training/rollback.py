"""Going back to the last good checkpoint of a run whose updates blew up.

The same updates would blow up again, so the learning rate may differ from
there on: as the user gives it, or, when the run goes back by itself, half of
it each time.
"""

import os
import sys

from electra_tf.errors import UserError
from electra_tf.io import files, spare_files
from electra_tf.training import run_folder

# Kept from a blow-up until the run has gone back.
MARKER = "blown_up.json"
# How often the run has gone back by itself.
ROLLBACKS = "rollbacks.json"
# The settings that may differ after going back.
RATES = (
    "learning_rate",
    "lr_decay_power",
    "num_warmup_steps",
    "max_skipped_updates",
)
_FACTOR = 0.5


def begin(folder: str, config, chief: bool = True) -> bool:
    """Keep a run's config, whose rates may be other ones on going back.

    Of several workers the chief alone compares: one that ended by itself
    would leave the others waiting for it, and `workers.check_same` holds all
    of them against the chief.

    Returns:
        Whether to go back: if it is asked for, or a run that blew up is given
        other rates.

    Raises:
        UserError: when the config is another one.
    """
    back = config.rollback
    if not chief:
        return back
    try:
        ignored = RATES if back else ()
        saved = run_folder.check_config(folder, config, ignored)
    except UserError:
        if not is_marked(folder):
            raise
        saved = run_folder.check_config(folder, config, RATES)
        back = True
    now = config.num_train_steps
    if (before := saved.get("num_train_steps", now)) != now:
        print(
            f"num_train_steps is {now}, and was {before}: the learning rate is "
            f"from here on that of a run of {now} updates.",
            file=sys.stderr,
        )
    run_folder.save_config(folder, config, ignore=RATES)
    return back


def mark(folder: str, step: int) -> None:
    """Take note that a run blew up."""
    files.write_json(os.path.join(folder, MARKER), {"step": step})


def is_marked(folder: str) -> bool:
    """Return whether a run blew up, and has not gone back since."""
    return files.exists(os.path.join(folder, MARKER))


def advice(good: int | None, folder: str | None) -> str:
    """Say what can be done about updates that blow up.

    Args:
        good: the last good checkpoint's step; None without one to go back to.
        folder: the run's folder.
    """
    rates = "a lower learning_rate or a longer warm-up"
    records = "Or look for damaged records."
    if good is None:
        return f"Start anew, under another name, with {rates}. {records}"
    return (
        f"The last checkpoint that has proven good is of update {good}, in "
        f"{folder}, and stays there. The same command with {rates} goes on "
        f"from it; so does --rollback, whatever the rate. {records}"
    )


def unmark(folder: str) -> None:
    """Forget that a run blew up."""
    files.remove(os.path.join(folder, MARKER))


def number(folder: str | None) -> int:
    """Return how often a run has gone back by itself."""
    if folder is None:
        return 0
    path = os.path.join(folder, ROLLBACKS)
    return spare_files.read_json(path, lambda v: int(v["number"])) or 0


def keep_number(folder: str, number: int) -> None:
    """Keep how often a run has gone back by itself."""
    files.write_json(os.path.join(folder, ROLLBACKS), {"number": number})


def rate_factor(number: int) -> float:
    """Return the factor of the learning rate after so many rollbacks.

    >>> rate_factor(0), rate_factor(2)
    (1.0, 0.25)
    """
    return _FACTOR**number
