"""Distribution strategies by name."""

import tensorflow as tf

# Those that tf-models-official makes, under the same names.
_OFFICIAL = ("mirrored", "multi_worker_mirrored", "tpu")


def strategy(name: str, tpu_address: str | None = None):
    """Return the `tf.distribute.Strategy` called `name`.

    Args:
        name: "off" for no strategy at all; "one_device" for the first GPU, or
            the CPU without one; "mirrored" for all GPUs of this machine;
            "multi_worker_mirrored" for those of the machines in `TF_CONFIG`;
            "tpu".
        tpu_address: str, the TPU's name or address; "local" on a TPU VM.

    Raises:
        ValueError: for an unknown name.

    Example:

    >>> strategy("one_device").num_replicas_in_sync
    1
    """
    if name == "off":
        return tf.distribute.get_strategy()
    if name == "one_device":
        gpus = tf.config.list_logical_devices("GPU")
        return tf.distribute.OneDeviceStrategy("/gpu:0" if gpus else "/cpu:0")
    if name not in _OFFICIAL:
        known = ["off", "one_device", *_OFFICIAL]
        raise ValueError(
            f"distribution_strategy must be one of {known}. Received: {name!r}"
        )
    # Takes a second to import, and only these strategies need it.
    from official.common import distribute_utils

    return distribute_utils.get_distribution_strategy(
        distribution_strategy=name,
        num_gpus=len(tf.config.list_logical_devices("GPU")),
        tpu_address=tpu_address,
    )


def distribute(dataset_function, strategy):
    """Return the dataset that feeds each replica its share of every batch.

    Args:
        dataset_function: function from `tf.distribute.InputContext` to a
            `tf.data.Dataset` whose batches are a replica's share.
        strategy: a `tf.distribute.Strategy`.
    """
    return strategy.distribute_datasets_from_function(dataset_function)
