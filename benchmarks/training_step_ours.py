"""ELECTRA's training step by this project, as `run_pretraining` makes it.

All that a step does is in it: masks, samples, dropout, metrics.
"""

from benchmarks import timed_steps, training_memory
from electra_tf import command_line
from electra_tf.configs import PretrainingConfig


def main():
    """Serve steps."""
    command_line.set_up_tensorflow()
    import tensorflow as tf

    parser = timed_steps.sizes()
    parser.add_argument("--jit_compile", action="store_true")
    args = parser.parse_args()
    config = PretrainingConfig(
        data_dir="-",
        model_name="-",
        train_batch_size=args.batch_size,
        max_seq_length=args.length,
        precision=args.precision,
        model_size=args.model_size,
        jit_compile=args.jit_compile,
    )
    batches = training_memory.random_batches(config)
    trainer = training_memory.trainer(config, batches)
    timed_steps.serve(lambda steps: trainer.run(tf.constant(steps)))


if __name__ == "__main__":
    main()
