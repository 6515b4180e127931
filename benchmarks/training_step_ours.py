"""ELECTRA's training step by this project, as `run_pretraining` makes it.

All that a step does is in it: masks, samples, dropout, metrics.
"""

from benchmarks import timed_steps, training_memory
from electra_tf import command_line


def main():
    """Serve steps."""
    parser = timed_steps.sizes("benchmarks.training_step_ours", __doc__)
    parser.add_argument("--jit_compile", action="store_true")
    args = parser.parse_args()
    command_line.set_up_tensorflow()
    import tensorflow as tf

    config = timed_steps.config(args, jit_compile=args.jit_compile)
    batches = training_memory.random_batches(config)
    trainer = training_memory.trainer(config, batches)

    def peak() -> float:
        if not tf.config.list_physical_devices("GPU"):
            return timed_steps.peak_of_process()
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]

    timed_steps.serve(lambda steps: trainer.run(tf.constant(steps)), peak)


if __name__ == "__main__":
    main()
