"""run_pretraining.py on several replicas, all on this machine's CPU.

python -m tests.faults.replicas NUMBER [flags of run_pretraining.py]
"""

import sys

import tensorflow as tf

import run_pretraining
from electra_tf.training import distribution


def main(number: int, argv: list[str]):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * number
    )
    names = [f"/cpu:{index}" for index in range(number)]
    distribution.strategy = lambda *_, **__: tf.distribute.MirroredStrategy(
        names
    )
    run_pretraining.main(argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), ["run_pretraining.py", *sys.argv[2:]])
