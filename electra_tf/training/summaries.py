"""TensorBoard curves over what training has cost."""

import tensorflow as tf

UNIT = 1e9  # TensorBoard's steps are integers; these are GFLOPs.


class SummariesByFlops:
    """Writes scalars whose horizontal axis is training FLOPs.

    TensorBoard draws curves over an integer step. Here that is the cost of
    training so far in units of 10^9 operations, so that runs of different
    sizes can be compared at equal cost.

    Args:
        folder: str, of the event files; made when first written to. None for
            nowhere.
        train_flops: function from a number of updates to their operations;
            None, when not counted, writes nothing.
    """

    def __init__(self, folder: str | None, train_flops=None):
        self.folder = folder
        self.train_flops = train_flops
        self._writer = None

    def __call__(self, step: int, metrics: dict):
        """Write the metrics of a run that has made `step` updates."""
        if self.folder is None or self.train_flops is None:
            return
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(self.folder)
        with self._writer.as_default(round(self.train_flops(step) / UNIT)):
            for name, value in metrics.items():
                tf.summary.scalar(name, value)
        self._writer.flush()
