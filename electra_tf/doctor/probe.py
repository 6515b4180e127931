"""TensorFlow as it comes up on this machine, told by a process of its own.

A build for other processors ends the process that imports it, and a broken
driver may hang it: neither ends the one that asks.
"""

import json
import subprocess
import sys

from electra_tf import command_line

_SECONDS = 120
_LAST = 300  # Characters of what the process wrote.


def run(seconds: float = _SECONDS) -> dict:
    """Return `facts` of a new process, or why there are none as `error`."""
    # The environment is the user's, but for what the programs set.
    command = [sys.executable, "-m", "electra_tf.doctor.probe"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return {"error": f"importing it did not end in {seconds:.0f} seconds"}
    if done.returncode < 0:
        return {"error": f"importing it ended by signal {-done.returncode}"}
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        return {"error": said[-1][-_LAST:]}


def facts() -> dict:
    """Return devices, how TensorFlow was built, and the sum of a product."""
    import keras
    import tensorflow as tf
    import tensorflow_text  # noqa: F401 (its operations must load)

    built = tf.sysconfig.get_build_info()
    ones = tf.ones((64, 64))
    return {
        "devices": [d.device_type for d in tf.config.list_physical_devices()],
        "cuda": built.get("cuda_version") if built["is_cuda_build"] else None,
        "keras": keras.__version__,
        "product": float(tf.reduce_sum(tf.matmul(ones, ones))),
    }


if __name__ == "__main__":
    command_line.parser("electra_tf.doctor.probe", __doc__).parse_args()
    with command_line.errors_of("doctor"):
        print(json.dumps(facts()))
