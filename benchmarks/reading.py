"""How fast records are read and masked, beside training ELECTRA-Small.

    python -m benchmarks.reading --records=data/pretrain_tfrecords

Reading, masking and training take turns, so that other work on the machine
slows all of them. The shares are of the real tokens of the batches that were
masked, [CLS] and [SEP] included, as in the paper.
"""

import argparse
import statistics
import time

from benchmarks import random_tokens
from benchmarks.data_build import machine, median_and_range
from benchmarks.training_memory import trainer
from electra_tf import command_line
from electra_tf.configs import PretrainingConfig
from electra_tf.io import manifest, record_files

MASKINGS = ("with_replacement", "without_replacement")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.reading", __doc__)
    add = parser.add_argument
    add("--records", required=True, help="folder of data_prep's records")
    add("--train_batch_size", type=int, default=128)
    add("--batches", type=int, default=200, help="to read and mask a round")
    add("--updates", type=int, default=2, help="to train a round")
    add("--rounds", type=int, default=3)
    return parser.parse_args()


def main() -> None:
    """Print a table of examples a second, and of the shares masked."""
    args = arguments()
    command_line.set_up_tensorflow()
    built = manifest.read(args.records)
    configs = {
        masking: PretrainingConfig(
            data_dir="-",
            model_name="-",
            pretrain_tfrecords=f"{args.records}/pretrain_data.tfrecord*",
            max_seq_length=built.max_seq_length,
            vocab_size=built.vocab_size,
            train_batch_size=args.train_batch_size,
            masking=masking,
        )
        for masking in MASKINGS
    }
    ways = {
        "training": Training(configs[MASKINGS[0]], args.updates),
        "reading": Reading(configs[MASKINGS[0]], args.batches),
        **{
            f"reading and masking, {masking}": Masking(config, args.batches)
            for masking, config in configs.items()
        },
    }
    rates = {name: [] for name in ways}
    for way in ways.values():
        way.run()  # Traced, and all buffers filled.
    for _ in range(args.rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way.run()
            seconds = time.perf_counter() - began
            rates[name].append(way.batches * args.train_batch_size / seconds)
    print(
        f"{machine()}; {args.rounds} rounds, batches of"
        f" {args.train_batch_size} x {built.max_seq_length}"
    )
    print_table(rates, ways)


def print_table(rates: dict, ways: dict) -> None:
    """Print rates, how many times training's they are, and shares."""
    print("| | examples/s | times training | share of tokens chosen |")
    print("|---|---|---|---|")
    training = rates["training"]
    for name, found in rates.items():
        times = [a / b for a, b in zip(found, training, strict=True)]
        shares = getattr(ways[name], "shares", ())
        share = f"{statistics.mean(shares):.2%}" if shares else ""
        print(
            f"| {name} | {median_and_range(found)} |"
            f" {median_and_range(times)} | {share} |"
        )


class Training:
    """Updates of ELECTRA-Small."""

    def __init__(self, config, batches: int):
        import tensorflow as tf

        self.batches = batches
        self._number = tf.constant(batches)
        self._trainer = trainer(config, _dataset(config))

    def run(self) -> None:
        """Make the updates."""
        self._trainer.run(self._number)


class Reading:
    """Batches as training gets them."""

    def __init__(self, config, batches: int):
        self.batches = batches
        self._iterator = iter(_dataset(config))

    def run(self) -> None:
        """Read the batches."""
        for _ in range(self.batches):
            next(self._iterator)


class Masking(Reading):
    """Batches that are read and masked.

    Attributes:
        shares: The share of tokens chosen in each round.
    """

    def __init__(self, config, batches: int):
        import tensorflow as tf

        super().__init__(config, batches)
        self._masked = tf.function(_masked(config))
        self.shares: list[float] = []

    def run(self) -> None:
        """Read and mask the batches."""
        import tensorflow as tf

        chosen = tokens = 0.0
        for step in tf.range(self.batches):
            some, of = self._masked(next(self._iterator), step)
            chosen, tokens = chosen + some, tokens + of
        self.shares.append(float(chosen / tokens))


def _masked(config):
    """Return a function from batch and step to tokens chosen, and all."""
    import tensorflow as tf

    from electra_tf.pretraining import masking, masking_strategies
    from electra_tf.randomness import RandomStream

    masking_config = masking.MaskingConfig(
        random_tokens.special(),
        config.mask_prob,
        config.max_predictions_per_seq,
        config.masking,
    )

    def masked(batch, step):
        stream = RandomStream(0, step)
        choices = masking_strategies.draw(
            batch, masking_config, config.vocab_size, stream
        )
        done = masking_strategies.mask(batch, masking_config, choices)
        # Depends on what is masked, or that would be left out.
        tokens = tf.math.count_nonzero(done.input_ids, dtype=tf.float32)
        return tf.reduce_sum(done.weights), tokens

    return masked


def _dataset(config):
    from electra_tf.pretraining import inputs

    files = record_files.find(config.pretrain_tfrecords)
    return inputs.training_dataset(config, files, start_step=0)


if __name__ == "__main__":
    main()
