"""The memory that training steps take, beside the estimate of it.

    MALLOC_MMAP_THRESHOLD_=65536 python -m benchmarks.training_memory \\
        --settings='{"train_batch_size": 32}'

Linux only: peak resident memory of this process during updates, less what it
has before the model is made. The C library otherwise keeps freed blocks for
later, which count as resident; the variable above has it give back those of
64 KiB and more. Tokens are drawn at random.
"""

import argparse
import json
import os
import re

from benchmarks import random_tokens
from electra_tf import command_line
from electra_tf.configs import PretrainingConfig

MB = 1e6


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.training_memory", __doc__)
    parser.add_argument(
        "--settings", default="{}", help="of the config, as a JSON object"
    )
    parser.add_argument("--updates", type=int, default=3)
    return parser.parse_args()


def resident(name: str) -> int:
    """Return a figure of this process: VmRSS now, or VmHWM, the peak."""
    with open("/proc/self/status", encoding="utf-8") as status:
        return 1024 * int(re.search(rf"{name}:\s+(\d+)", status.read())[1])


def forget_peak():
    """Let the peak begin anew."""
    with open("/proc/self/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")


def random_batches(config: PretrainingConfig):
    """Return a dataset of one batch of random tokens, over and over."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(random_tokens.batch(config)).repeat()


def trainer(config: PretrainingConfig, batches):
    """Return the loop's `TrainStep` on a dataset of batches."""
    import tensorflow as tf

    from electra_tf.pretraining import build
    from electra_tf.pretraining.pretrainer import Pretrainer
    from electra_tf.training.non_finite import NonFiniteGuard
    from electra_tf.training.step import TrainStep

    command_line.leave_graphs_as_they_are()
    pretrainer = Pretrainer(config, random_tokens.special())
    return TrainStep(
        build.phases(config, pretrainer)[0].step_function,
        build.optimizer(config, pretrainer.variables),
        iter(batches),
        tf.distribute.get_strategy(),
        tf.Variable(0, dtype=tf.int64),
        build.settings(config),
        NonFiniteGuard(config.max_skipped_updates),
    )


def main():
    """Print what was measured."""
    args = arguments()
    config = PretrainingConfig(
        data_dir="-", model_name="-", **json.loads(args.settings)
    )
    command_line.set_up_tensorflow()
    import tensorflow as tf

    tf.linalg.matmul(tf.ones((64, 64)), tf.ones((64, 64)))
    before = resident("VmRSS")
    training = trainer(config, random_batches(config))
    built = resident("VmRSS")
    training.run(1)
    forget_peak()
    traced = resident("VmRSS")
    training.run(args.updates)
    peak = resident("VmHWM")
    print(f"before the model  {before / MB:8.0f} MB")
    print(f"weights and slots {(built - before) / MB:8.0f} MB")
    print(f"between updates   {(traced - before) / MB:8.0f} MB")
    print(f"peak of updates   {(peak - before) / MB:8.0f} MB")
    print(f"malloc: {os.environ.get('MALLOC_MMAP_THRESHOLD_', 'as it comes')}")


if __name__ == "__main__":
    main()
