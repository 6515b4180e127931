"""Pre-trains ELECTRA, or goes on with a run that was stopped.

    python run_pretraining.py --data_dir=DIR --model_name=NAME --preset=small

DIR holds `vocab.txt` and `pretrain_tfrecords/`; checkpoints, logs and results
go to `DIR/models/NAME`. The same command resumes. `--help` lists all flags and
the exit statuses.
"""

import functools
import os
import signal
import sys

from electra_tf import command_line
from electra_tf.configs import PretrainingConfig
from electra_tf.conversion import initial_checkpoint
from electra_tf.io import claims, manifest
from electra_tf.text import tokenization
from electra_tf.training import run_folder
from electra_tf.training.stopping import Stopped, StopSignal
from flags import from_config


def main(argv: list[str]):
    """Run the program with the command line `argv`."""
    config = from_config.parse(PretrainingConfig, argv)
    program = os.path.basename(argv[0])
    with command_line.errors_of(program):
        try:
            run(config)
        except Stopped:
            sys.exit(os.EX_TEMPFAIL)
        except claims.DiskFullError as error:
            print(f"{program}: {error}", file=sys.stderr)
            sys.exit(os.EX_IOERR)


def run(config: PretrainingConfig):
    """Check what is given, then pre-train in a folder of one's own."""
    config, start = initial_checkpoint.pretraining(config)
    tokenizer = check_inputs(config)
    initial_checkpoint.check_vocabulary(
        start, tokenizer, config.init_checkpoint
    )
    folder = config.model_dir
    with stop_signal() as stop, run_folder.claimed(folder):
        run_folder.save_config(folder, config)
        run_folder.check_vocabulary(folder, tokenizer.vocab_sha256)
        pretrain(config, tokenizer, start and start.variables, stop)


def stop_signal() -> StopSignal:
    """Return what tells a run to stop; several workers agree on it."""
    if run_folder.in_cluster():
        return StopSignal()
    return StopSignal(signal.SIGTERM, signal.SIGINT)


def check_inputs(config: PretrainingConfig) -> tokenization.Tokenizer:
    """Check vocabulary and records against the config; no TensorFlow yet."""
    tokenizer = tokenization.Tokenizer.of(config.vocab_file, config)
    tokenization.check_vocab_size(tokenizer, config.vocab_size)
    patterns = (config.pretrain_tfrecords, config.eval_tfrecords)
    for folder in dict.fromkeys(os.path.dirname(p) for p in patterns if p):
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
            manifest.check_files(built, folder)
    return tokenizer


def pretrain(
    config: PretrainingConfig,
    tokenizer: tokenization.Tokenizer,
    start: dict | None = None,
    stop=None,
):
    """Build model and data, train, evaluate; TensorFlow is imported here.

    Args:
        config: `PretrainingConfig`.
        tokenizer: `Tokenizer` of the records.
        start: arrays by path to start from, or None for random ones.
        stop: an object that is true once the program shall stop.
    """
    from electra_tf.io import records
    from electra_tf.pretraining import build, inputs
    from electra_tf.pretraining.metrics import CollapseWarning
    from electra_tf.training import distribution, metric_writer, workers
    from electra_tf.training.loop import TrainingLoop

    strategy = distribution.strategy(config)
    files = inputs.matching_files(config.pretrain_tfrecords)
    records.check_shards(files, config.max_seq_length)
    with strategy.scope():
        pretrainer = build.model(config, tokenizer, start)
        adamw = build.optimizer(config, pretrainer.variables)

    def training_data(start_step: int):
        dataset = functools.partial(
            inputs.training_dataset, config, files, start_step
        )
        return distribution.distribute(dataset, strategy)

    with workers.loss_explained(strategy):
        with inputs.read_errors_explained(files, config.max_seq_length):
            loop = TrainingLoop(
                build.phases(config, pretrainer),
                adamw,
                pretrainer.variables,
                training_data,
                strategy,
                build.settings(config),
                build.evaluator(config, pretrainer, strategy, stop),
                stop,
                CollapseWarning(config.num_warmup_steps),
                build.input_hashes(config, tokenizer),
            )
            if config.do_train:
                loop.train()
        if config.do_eval:
            scores = loop.evaluate()
            if run_folder.is_chief():
                metric_writer.write_results(
                    config.results_txt, config.results_json, scores
                )


if __name__ == "__main__":
    main(sys.argv)
