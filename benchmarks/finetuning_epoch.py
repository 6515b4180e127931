"""Time of a fine-tuning epoch by how examples become batches.

    python -m benchmarks.finetuning_epoch --vocab_file=vocab.txt \\
        --cola=CoLA --mrpc=MRPC --sts=STS-B

An encoder of ELECTRA-Small's shape with random weights takes real updates of
each task, dropout included, with the batches of each row of
`electra_tf.finetuning.inputs.BATCHINGS` in turn: `--rounds` times
`--updates` of each, so that other work on the machine slows all of them. The
updates are the first of an epoch, whose batches come in any order, and the
epoch's time is theirs times its number of batches. Ratios are those of a
round, of processor time and of wall time; printed is their median.
"""

import argparse
import statistics
import time

from electra_tf import command_line
from electra_tf.configs import BATCHINGS, FinetuningConfig, encoder_config

TASKS = ("cola", "mrpc", "sts")
SLOWEST = "fixed"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.finetuning_epoch", __doc__)
    add = parser.add_argument
    add("--vocab_file", required=True, help="BERT's uncased vocabulary")
    for task in TASKS:
        add(f"--{task}", help=f"folder of {task}'s train.tsv")
    add("--num_hidden_layers", type=int, default=12)
    add("--max_seq_length", type=int, default=128)
    add("--updates", type=int, default=8, help="of each kind, in a round")
    add("--rounds", type=int, default=3)
    return parser.parse_args()


def config_of(args: argparse.Namespace, task: str) -> FinetuningConfig:
    """Return the settings of a task."""
    return FinetuningConfig(
        data_dir=".",
        model_name="benchmark",
        task_names=[task],
        vocab_file=args.vocab_file,
        raw_data_dir=getattr(args, task),
        max_seq_length=args.max_seq_length,
        model_hparam_overrides={"num_hidden_layers": args.num_hidden_layers},
    )


def trainers(config: FinetuningConfig, made) -> dict:
    """Return a `TrainStep` of one and the same model for each batching."""
    import tensorflow as tf

    from electra_tf.finetuning import inputs
    from electra_tf.finetuning.model import FinetuningModel
    from electra_tf.finetuning.tasks import task_table
    from electra_tf.training.non_finite import NonFiniteGuard
    from electra_tf.training.optimizer import AdamW
    from electra_tf.training.settings import Settings
    from electra_tf.training.step import TrainStep

    model = FinetuningModel(encoder_config(config), task_table.tasks(config))
    adamw = AdamW(model.variables, lambda step: 1e-4, 0.01)
    step = tf.Variable(0, dtype=tf.int64)
    most = config.max_seq_length
    steps = len(made) // config.train_batch_size
    found = {}
    for batching in BATCHINGS:
        order = inputs.training_order(
            made, config.train_batch_size, steps, config.seed, batching
        )
        length = most if batching == "fixed" else None
        data = inputs.batches(made, order, length, most)
        found[batching] = TrainStep(
            tf.autograph.experimental.do_not_convert(model.losses),
            adamw,
            iter(data.repeat()),
            tf.distribute.get_strategy(),
            step,
            Settings(num_train_steps=steps, steps_per_loop=1),
            NonFiniteGuard(config.max_skipped_updates),
        )
    return found


def timed(trainer, updates: int) -> dict[str, float]:
    """Return the seconds that an update takes."""
    wall, processor = time.perf_counter(), time.process_time()
    trainer.run(updates)
    return {
        "processor": (time.process_time() - processor) / updates,
        "wall": (time.perf_counter() - wall) / updates,
    }


def measure(args: argparse.Namespace, task: str) -> None:
    """Measure one task, and print its lines."""
    from electra_tf.finetuning import inputs
    from electra_tf.finetuning.tasks import task_table
    from electra_tf.finetuning.tasks.task import TRAIN
    from electra_tf.text.tokenization import Tokenizer

    config = config_of(args, task)
    tasks = task_table.tasks(config)
    tokenizer = Tokenizer(config.vocab_file)
    started = time.perf_counter()
    made = inputs.make(
        tasks,
        {task: tasks[0].examples(TRAIN)},
        tokenizer,
        config.train_batch_size,
    )
    batches = len(made) // config.train_batch_size
    print(
        f"{task}: {made.num_real} examples, {batches} batches, mean length "
        f"{made.lengths[: made.num_real].mean():.1f}, features made in "
        f"{time.perf_counter() - started:.1f} s",
        flush=True,
    )
    kinds = trainers(config, made)
    for trainer in kinds.values():
        timed(trainer, 1)  # Traces.
    rounds = [
        {name: timed(kinds[name], args.updates) for name in kinds}
        for _ in range(args.rounds)
    ]
    for name in kinds:
        print(line(name, rounds, batches), flush=True)


def line(name: str, rounds: list, batches: int) -> str:
    """Describe the times of a batching beside those of `SLOWEST`."""
    parts = [f"  {name:10}"]
    for kind in ("wall", "processor"):
        epoch = batches * statistics.median(r[name][kind] for r in rounds)
        ratios = sorted(r[SLOWEST][kind] / r[name][kind] for r in rounds)
        parts.append(
            f"{kind} {epoch:.0f} s an epoch, {statistics.median(ratios):.2f} "
            f"times faster ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    return "; ".join(parts)


def main() -> None:
    """Measure the tasks whose folders are given."""
    args = arguments()
    command_line.set_up_tensorflow()
    for task in TASKS:
        if getattr(args, task) is not None:
            measure(args, task)


if __name__ == "__main__":
    main()
