"""A warning when the discriminator has stopped telling tokens apart."""

# Below both of these it calls everything original and ranks by chance. A
# young discriminator calls everything original, too, but ranks better.
LEAST_RECALL = 0.01
LEAST_AUC = 0.55
_QUIET_LOOPS = 20


class CollapseWarning:
    """Looks at the metrics of each loop after the warm-up.

    Args:
        num_warmup_steps: int, updates in which nothing is said.

    >>> warning = CollapseWarning(num_warmup_steps=100)
    >>> blind = {"disc_recall": 0.0, "disc_auc": 0.5}
    >>> warning(100, blind) is None, warning(200, blind)[:22]
    (True, 'The discriminator call')
    >>> warning(300, blind)  # Said once in 20 loops.
    """

    def __init__(self, num_warmup_steps: int):
        self.num_warmup_steps = num_warmup_steps
        self._quiet = 0

    def __call__(self, step: int, metrics: dict[str, float]) -> str | None:
        """Return a warning, or None.

        Args:
            step: updates done.
            metrics: the last loop's, see `metrics.training_terms`.
        """
        self._quiet = max(0, self._quiet - 1)
        if step <= self.num_warmup_steps or self._quiet:
            return None
        recall = metrics.get("disc_recall", 1.0)
        auc = metrics.get("disc_auc", 1.0)
        if not (recall < LEAST_RECALL and auc < LEAST_AUC):
            return None
        self._quiet = _QUIET_LOOPS
        return (
            f"The discriminator calls nearly every token original: at step "
            f"{step} it finds {recall:.1%} of the replaced ones, and its AUC "
            f"of {auc:.2f} is near that of guessing (0.50). If this lasts, "
            "lower learning_rate, lengthen num_warmup_steps, raise "
            "disc_weight, or make the generator smaller "
            "(generator_hidden_size): one as large as the discriminator can "
            "leave it nothing to learn."
        )
