"""How many updates of pre-training there is time for."""

from electra_tf.training.progress import duration

RANDOM = "fine-tuning, random start"
# An update of pre-training, in parts of the time that the three trials take
# from random weights, as measured on two cores; and how long it takes to
# start, to compile and to evaluate, likewise.
UPDATE, BEGINNING = 1 / 2300, 0.25
REPORT_SECONDS = 20
# Less is no pre-training.
FEWEST_UPDATES = 1000


def updates_in(budget: float, seconds: dict[str, float]) -> int:
    """Return how many updates of pre-training fit into a budget.

    The trials from random weights are the measure of the machine; those from
    pre-trained ones will take as long again. If the time is too short for
    some pre-training, that is said.

    Args:
        budget: seconds of the whole demo.
        seconds: what its steps took so far.

    >>> updates_in(600, {"text": 40, RANDOM: 100})
    7245
    >>> updates_in(300, {"text": 40, RANDOM: 100})
    There is time for 345 updates; 1000 are made, 0:28 more than given.
    1000
    """
    measured = seconds[RANDOM]
    left = budget - sum(seconds.values()) - measured - REPORT_SECONDS
    left -= BEGINNING * measured
    updates = max(0, round(left / (UPDATE * measured)))
    if updates >= FEWEST_UPDATES:
        return updates
    more = FEWEST_UPDATES * UPDATE * measured - left
    print(
        f"There is time for {updates} updates; {FEWEST_UPDATES} are made, "
        f"{duration(more)} more than given."
    )
    return FEWEST_UPDATES
