"""Pre-trains ELECTRA, or goes on with a run that was stopped.

    python run_pretraining.py --data_dir=DIR --model_name=NAME --preset=small

DIR holds `vocab.txt` and `pretrain_tfrecords/`; checkpoints, logs and results
go to `DIR/models/NAME`. The same command resumes. `--help` lists the flags that
are used most and the exit statuses, `--helpfull` all flags.
"""

import functools
import itertools
import os
import signal
import sys

if __name__ == "__main__":
    # While modules are imported Ctrl-C has nothing to save.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from electra_tf import command_line
from electra_tf.configs import PretrainingConfig, from_flags, hparams
from electra_tf.conversion import initial_checkpoint
from electra_tf.efficiency.memory import (
    out_of_memory_explained,
    training_memory,
)
from electra_tf.errors import UserError
from electra_tf.io import manifest, record_files
from electra_tf.text import tokenization
from electra_tf.training import (
    cluster,
    outputs,
    rollback,
    run_folder,
    stopping,
)


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`, that of the process."""
    argv = argv or sys.argv
    config = from_flags.parse(PretrainingConfig, argv)
    with command_line.errors_of(os.path.basename(argv[0])):
        run(config)


def run(config: PretrainingConfig):
    """Check what is given, then pre-train in a folder of one's own."""
    run_folder.check_name(config.model_name)
    cluster.check(
        config.distribution_strategy,
        train_batch_size=config.train_batch_size,
        eval_batch_size=config.eval_batch_size,
    )
    config, start = initial_checkpoint.pretraining(config)
    tokenizer = check_inputs(config)
    initial_checkpoint.check_vocabulary(
        start, tokenizer, config.init_checkpoint
    )
    chief = cluster.is_chief(config.distribution_strategy)
    check_weights(config, start, chief)
    shards = record_files.find(config.pretrain_tfrecords)
    inputs = {"vocab_sha256": tokenizer.vocab_sha256}
    if config.do_train:
        inputs |= record_files.facts(shards)
    folder = config.model_dir
    stop = stopping.stop_signal(config.distribution_strategy)
    with stop, run_folder.claimed(folder, chief):
        back = rollback.begin(folder, config, chief)
        if chief:
            if config.do_eval:
                check_outputs(config)
            run_folder.check_inputs(
                folder, inputs, config.accept_changed_inputs
            )
        values = start and start.variables
        with out_of_memory_explained(config, lambda: training_memory(config)):
            pretrain(config, tokenizer, shards, inputs, values, stop, back)


def check_weights(config: PretrainingConfig, start, chief: bool = True):
    """Refuse to do nothing, or to evaluate what nobody has trained."""
    if not (config.do_train or config.do_eval):
        raise UserError("There is nothing to do: give --do_train or --do_eval.")
    if config.do_train or config.evaluate_random_weights or start is not None:
        return
    if chief and not run_folder.has_checkpoint(config.model_dir):
        raise UserError(
            f"There is no checkpoint in {config.model_dir} to evaluate. "
            "Expected a model_name or model_dir that has been trained, or an "
            "init_checkpoint; --evaluate_random_weights scores an untrained "
            "network."
        )


def check_outputs(config: PretrainingConfig):
    """Refuse to replace what this run has not written."""
    names = ("results_txt", "results_json")
    written = [(name, getattr(config, name)) for name in names]
    # What is below the run's folder by default is its own.
    outputs.check(config.model_dir, written, {*names} - config.given)


def check_inputs(config: PretrainingConfig) -> tokenization.Tokenizer:
    """Check vocabulary and records against the config; no TensorFlow yet."""
    tokenizer = tokenization.Tokenizer.of(config.vocab_file, config)
    tokenization.check_vocab_size(tokenizer, config.vocab_size)
    training = config.pretrain_tfrecords
    patterns = (training, config.eval_tfrecords or config.held_out_tfrecords)
    found: dict[str, list[str]] = {}
    for path in itertools.chain(*map(record_files.matching, patterns)):
        folder, name = os.path.split(path)
        found.setdefault(folder, []).append(name)
    for folder, names in (found or {os.path.dirname(training): []}).items():
        built = manifest.read(folder)
        if built is not None:
            manifest.check(
                built,
                folder,
                max_seq_length=config.max_seq_length,
                vocab_size=config.vocab_size,
                vocab_sha256=tokenizer.vocab_sha256,
                **config.tokenizer_settings,
            )
            manifest.check_files(built, folder, names)
    return tokenizer


def pretrain(
    config: PretrainingConfig,
    tokenizer: tokenization.Tokenizer,
    shards: list[str],
    facts: dict,
    start: dict | None = None,
    stop=None,
    back: bool = False,
):
    """Build model and data, train, evaluate; TensorFlow is imported here.

    Args:
        config: `PretrainingConfig`.
        tokenizer: `Tokenizer` of the records.
        shards: paths of the records.
        facts: what tells vocabulary and records from others, for the record.
        start: arrays by path to start from, or None for random ones.
        stop: an object that is true once the program shall stop.
        back: whether to go back to the last good checkpoint.
    """
    from electra_tf.io import records
    from electra_tf.pretraining import build, inputs
    from electra_tf.pretraining.metrics import CollapseWarning
    from electra_tf.training import distribution, metric_writer, workers
    from electra_tf.training.loop import TrainingLoop

    command_line.leave_graphs_as_they_are()
    strategy = distribution.strategy(config)
    with workers.loss_explained(strategy):
        workers.check_same(strategy, facts | hparams.in_common(config))
        distribution.check_hosts(
            strategy, [*shards, config.eval_tfrecords or ""]
        )
        shards = record_files.at_hand(shards)
        length = config.max_seq_length
        records.check_shards(shards, length, config.vocab_size)
        held_out = inputs.check_evaluation(config) if config.evaluates else []
        with strategy.scope():
            pretrainer = build.model(config, tokenizer, start)
            adamw = build.optimizer(config, pretrainer.variables)

        def training_data(start_step: int):
            dataset = functools.partial(
                inputs.training_dataset, config, shards, start_step
            )
            return distribution.distribute(dataset, strategy)

        with inputs.read_errors_explained([*shards, *held_out], length):
            evaluator = None
            if config.evaluates:
                evaluator = build.evaluator(
                    config, pretrainer, held_out, strategy, stop
                )
            loop = TrainingLoop(
                build.phases(config, pretrainer),
                adamw,
                pretrainer.variables,
                training_data,
                strategy,
                build.settings(config, shards, back),
                evaluator,
                workers.agreed_stop(strategy, stop),
                CollapseWarning(
                    config.num_warmup_steps + (config.generator_steps or 0)
                ),
                facts,
            )
            if config.do_train:
                loop.train()
            if config.do_eval:
                scores = loop.evaluate()
                if workers.is_chief(strategy):
                    paths = config.results_txt, config.results_json
                    metric_writer.write_results(*paths, scores)


if __name__ == "__main__":
    main()
