"""Distribution strategies by name."""

import sys
from collections.abc import Sequence

import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.io import files, records
from electra_tf.training import cluster, meeting, workers

# Names of TPUs that belong to this very machine.
_LOCAL_TPU = ("", "local")


def strategy(config):
    """Return the `tf.distribute.Strategy` that a config asks for.

    Make it before anything else of TensorFlow: devices and connections to
    other machines are fixed by the first operation.

    Args:
        config: has the settings of the group "machines" of
            `electra_tf.configs`.

    Raises:
        UserError: when the devices asked for are not there.
    """
    made = STRATEGIES[config.distribution_strategy](config)
    options, replicas = config.collective_options, made.num_replicas_in_sync
    if options and replicas == 1:
        raise UserError(
            f"There is one replica, which exchanges nothing. Received: "
            f"{', '.join(f'{k}={v}' for k, v in options.items())}. Leave that "
            "out, or use several devices."
        )
    nccl = options.get("collective_communication") == "nccl"
    if nccl and not tf.config.list_physical_devices("GPU"):
        raise UserError(
            "collective_communication=nccl needs GPUs, and there is none. Use "
            "ring or auto."
        )
    gpus = len(tf.config.list_physical_devices("GPU"))
    if gpus > 1 == made.num_replicas_in_sync:
        print(
            f"One of {gpus} GPUs is used; --distribution_strategy=mirrored "
            "takes all.",
            file=sys.stderr,
        )
    return made


def check_hosts(strategy, paths: Sequence[str]) -> None:
    """Check that all machines of a TPU can read some files.

    Raises:
        UserError: when they would be copied to this machine, and it is one of
            several that read them.
    """
    remote = [path for path in paths if files.is_remote(path)]
    tpu = isinstance(strategy, tf.distribute.TPUStrategy)
    if remote and tpu and strategy.extended.num_hosts > 1:
        raise UserError(
            f"Each of the TPU's {strategy.extended.num_hosts} machines reads "
            "the records, and what is in a bucket is copied to this one alone. "
            "Mount the bucket under the same path on all of them, and give "
            f"pretrain_tfrecords and eval_tfrecords there. Received: "
            f"{remote[0]}."
        )


def files_device(strategy) -> str | None:
    """Return the device whose files are this process's; None for any.

    A TPU that is not this machine's has a process of its own, which runs what
    is not placed elsewhere, and whose files may be another machine's.
    """
    tpu = isinstance(strategy, tf.distribute.TPUStrategy)
    return "/job:localhost/replica:0/task:0/device:CPU:0" if tpu else None


def communication(config) -> tf.distribute.experimental.CommunicationOptions:
    """Return how a config's replicas exchange gradients."""
    kinds = tf.distribute.experimental.CommunicationImplementation
    return tf.distribute.experimental.CommunicationOptions(
        bytes_per_pack=config.collective_bytes_per_pack,
        implementation=kinds(config.collective_communication.upper()),
    )


# On a CPU, XLA makes updates of up to so many units faster (27 a second instead
# of 19, 16 sequences of 64 tokens), and those of larger networks slower. So
# many updates make up for the time it takes to compile.
COMPILED_UNITS = 64
COMPILED_UPDATES = 2000


def compiles(config, hidden_size: int) -> bool:
    """Return whether XLA compiles the updates; `auto` depends on the devices.

    Args:
        config: has `jit_compile`, `distribution_strategy`, `num_train_steps`.
        hidden_size: int, of the network.
    """
    if config.must_compile or config.jit_compile is False:
        return config.must_compile
    if tf.config.list_physical_devices("GPU"):
        return True
    long = config.num_train_steps >= COMPILED_UPDATES
    return long and hidden_size <= COMPILED_UNITS


def _off(config):
    """No strategy at all."""
    return tf.distribute.get_strategy()


def _one_device(config):
    """The first GPU, or the CPU without one."""
    gpus = tf.config.list_logical_devices("GPU")
    return tf.distribute.OneDeviceStrategy("/gpu:0" if gpus else "/cpu:0")


def _mirrored(config):
    """All GPUs of this machine, or its CPU, in parts if asked to."""
    if tf.config.list_physical_devices("GPU"):
        if config.logical_cpus:
            raise UserError(
                "logical_cpus is for machines without GPUs. Leave it out, or "
                "hide the GPUs by CUDA_VISIBLE_DEVICES=-1. Received: "
                f"{config.logical_cpus}."
            )
        devices = tf.config.list_logical_devices("GPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    number = max(config.logical_cpus, 1)
    if number > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * number
        try:
            tf.config.set_logical_device_configuration(cpu, parts)
        except RuntimeError as error:
            raise UserError(
                f"The CPU cannot be split into logical_cpus={number} any more: "
                f"{error}."
            ) from error
    devices = tf.config.list_logical_devices("CPU")[:number]
    return tf.distribute.MirroredStrategy([d.name for d in devices])


def _multi_worker_mirrored(config):
    """The GPUs of all machines that the variable TF_CONFIG names."""
    cluster.check(cluster.STRATEGY)
    if here := cluster.place():
        limit = config.stall_timeout_seconds
        meeting.meet(cluster.addresses(), here.number, limit)
    options = communication(config)
    with workers.loss_explained():
        return tf.distribute.MultiWorkerMirroredStrategy(
            communication_options=options
        )


def _tpu(config):
    """The cores of a TPU, on this machine or another."""
    given = {
        "zone": config.tpu_zone,
        "project": config.gcp_project,
        "job_name": config.tpu_job_name,
    }
    given = {name: value for name, value in given.items() if value}
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(
            tpu=config.tpu_name, **given
        )
        if config.tpu_name not in _LOCAL_TPU:
            tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        raise UserError(
            f"There is no TPU to use as tpu_name={config.tpu_name!r}: {error}. "
            'On a TPU VM it is "local", and TensorFlow must be its build for '
            "TPUs (see docs/how_to/tpu.md)."
        ) from error
    made = tf.distribute.TPUStrategy(resolver)
    found = made.num_replicas_in_sync
    if "num_tpu_cores" in config.given and config.num_tpu_cores != found:
        raise UserError(
            f"num_tpu_cores must be the TPU's, {found}, or be left out. "
            f"Received: {config.num_tpu_cores}."
        )
    return made


STRATEGIES = {
    "off": _off,
    "one_device": _one_device,
    "mirrored": _mirrored,
    "multi_worker_mirrored": _multi_worker_mirrored,
    "tpu": _tpu,
}


def distribute(dataset_function, strategy):
    """Return the dataset that feeds each replica its share of every batch.

    Args:
        dataset_function: function from `tf.distribute.InputContext` to a
            `tf.data.Dataset` whose batches are a replica's share.
        strategy: a `tf.distribute.Strategy`.
    """
    return strategy.distribute_datasets_from_function(
        lambda context: records.without_autotuning(dataset_function(context))
    )
