"""Pre-trains ELECTRA, or goes on with a run that was stopped.

    python run_pretraining.py --data_dir=DIR --model_name=NAME --preset=small

DIR holds `vocab.txt` and `pretrain_tfrecords/`; checkpoints, logs and results
go to `DIR/models/NAME`. The same command resumes. `--help` lists all flags and
the exit statuses.
"""

import functools
import json
import os
import signal
import sys

from electra_tf import hparams, manifest, tokenization
from electra_tf.configs import PretrainingConfig, steps_to_profile
from electra_tf.conversion import initial
from electra_tf.efficiency import executed_flops, flops
from electra_tf.training import run_folder
from electra_tf.training.stopping import Stopped, StopSignal, UntilStopped
from flags import from_config


def main(argv: list[str]):
    """Run the program with the command line `argv`."""
    config = from_config.parse(PretrainingConfig, argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        run(config)
    except Stopped:
        sys.exit(os.EX_TEMPFAIL)
    except run_folder.DiskFullError as error:
        print(f"{os.path.basename(argv[0])}: {error}", file=sys.stderr)
        sys.exit(os.EX_IOERR)
    except (OSError, ValueError, FloatingPointError) as error:
        sys.exit(f"{os.path.basename(argv[0])}: {error}")


def run(config: PretrainingConfig):
    """Check what is given, then pre-train in a folder of one's own."""
    config, start = initial.pretraining(config)
    tokenizer = check_inputs(config)
    initial.check_vocabulary(start, tokenizer, config.init_checkpoint)
    folder = config.model_dir
    with (
        stop_signal() as stop,
        run_folder.claimed(folder),
        run_folder.full_disk_explained(folder),
    ):
        save_config(config)
        pretrain(config, tokenizer, start and start.variables, stop)


def stop_signal() -> StopSignal:
    """Return what tells a run to stop; several workers agree on it."""
    if run_folder.in_cluster():
        return StopSignal()
    return StopSignal(signal.SIGTERM, signal.SIGINT)


def check_inputs(config: PretrainingConfig) -> tokenization.Tokenizer:
    """Check vocabulary and records against the config; no TensorFlow yet."""
    tokenizer = tokenization.Tokenizer(
        config.vocab_file, do_lower_case=config.do_lower_case
    )
    tokenization.check_vocab_size(tokenizer, config.vocab_size)
    built = manifest.read(os.path.dirname(config.pretrain_tfrecords))
    if built is not None:
        manifest.check(
            built,
            max_seq_length=config.max_seq_length,
            vocab_size=config.vocab_size,
            vocab_sha256=tokenizer.vocab_sha256,
            do_lower_case=config.do_lower_case,
        )
    return tokenizer


def save_config(config: PretrainingConfig):
    """Write the config to the run's folder, or check it against the one there.

    Raises:
        ValueError: when the folder's run had another config.
    """
    path = os.path.join(config.model_dir, "config.json")
    if os.path.exists(path):
        hparams.check_same(read_config(path), config)
    if run_folder.is_chief():
        text = json.dumps(hparams.to_json(config), indent=1)
        run_folder.write_atomically(path, text)


def read_config(path: str) -> dict:
    """Read the config of an earlier start of a run."""
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        except ValueError as error:
            raise ValueError(
                f"{path} is damaged ({error}). Expected the config that the "
                "run was started with: restore it, or delete it to go on "
                "with the settings given now."
            ) from error


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
    from electra_tf import records
    from electra_tf.pretraining import inputs, metrics, results
    from electra_tf.pretraining.collapse import CollapseWarning
    from electra_tf.training import distribution, workers
    from electra_tf.training.run import Run

    strategy = distribution.strategy(config)
    files = inputs.matching_files(config.pretrain_tfrecords)
    records.check_shards(files, config.max_seq_length)
    with strategy.scope():
        pretrainer = build_model(config, tokenizer, start)
        adamw = build_optimizer(config, pretrainer.variables)

    def training_data(start_step: int):
        dataset = functools.partial(
            inputs.training_dataset, config, files, start_step
        )
        return distribution.distribute(dataset, strategy)

    def losses(batch, random):
        output = pretrainer(batch, random, training=True)
        return pretrainer.losses(output) | metrics.training_terms(output)

    with workers.loss_explained(strategy):
        with inputs.read_errors_explained(files, config.max_seq_length):
            run = Run(
                losses,
                adamw,
                pretrainer.variables,
                training_data,
                strategy,
                loop_settings(config),
                build_evaluator(config, pretrainer, strategy, stop),
                stop,
                CollapseWarning(config.num_warmup_steps),
                input_hashes(config, tokenizer),
            )
            if config.do_train:
                run.train()
        if config.do_eval:
            scores = run.evaluate()
            if run_folder.is_chief():
                results.write(config, scores)


def build_model(
    config: PretrainingConfig,
    tokenizer: tokenization.Tokenizer,
    start: dict | None,
):
    """Return a `Pretrainer` with new weights, or those to start from."""
    import keras

    from electra_tf.pretraining.masking import SpecialTokens
    from electra_tf.pretraining.pretrainer import Pretrainer
    from electra_tf.training import checkpoints

    keras.utils.set_random_seed(config.seed)
    special = SpecialTokens(
        tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
    )
    pretrainer = Pretrainer(config, special)
    if start is not None:
        new = checkpoints.assign(
            pretrainer.variables,
            start,
            required=lambda path: not config.allow_new_parts,
        )
        parts = sorted({path.split("/")[0] for path in new})
        print(
            f"Starting from {config.init_checkpoint}; new: "
            f"{', '.join(parts) or 'nothing'}",
            file=sys.stderr,
        )
    return pretrainer


def build_optimizer(config: PretrainingConfig, variables: dict):
    """Return the optimizer with the config's learning-rate schedule."""
    from electra_tf.training import optimizer, schedules

    schedule = schedules.polynomial_decay_with_warmup(
        config.learning_rate,
        config.num_train_steps,
        config.num_warmup_steps,
        config.lr_decay_power,
        config.decay_after_warmup,
    )
    return optimizer.OPTIMIZERS[config.optimizer](
        variables, schedule, config.weight_decay_rate
    )


def build_evaluator(config: PretrainingConfig, pretrainer, strategy, stop):
    """Return the evaluator on held-out records."""
    from electra_tf.pretraining import inputs, metrics
    from electra_tf.training import distribution
    from electra_tf.training.evaluator import Evaluator

    def sums(batch, random):
        return metrics.sums(pretrainer(batch, random, training=False))

    files = inputs.evaluation_files(config)
    dataset = functools.partial(inputs.evaluation_dataset, config, files)
    return Evaluator(
        sums,
        metrics.summarize,
        UntilStopped(distribution.distribute(dataset, strategy), stop),
        strategy,
        config.seed,
    )


def input_hashes(config: PretrainingConfig, tokenizer) -> dict:
    """Return what tells this run's data from other data."""
    from electra_tf.training import run_record

    folder = os.path.dirname(config.pretrain_tfrecords)
    path = os.path.join(folder, manifest.FILE_NAME)
    return {
        "vocab_sha256": tokenizer.vocab_sha256,
        "manifest_sha256": run_record.sha256(path),
    }


def loop_settings(config: PretrainingConfig):
    """Return what the loop has to know of the config."""
    from electra_tf.training.settings import Settings

    return Settings(
        num_train_steps=config.num_train_steps,
        steps_per_loop=config.iterations_per_loop,
        model_dir=config.model_dir,
        save_every=config.save_checkpoints_steps,
        keep=config.keep_checkpoint_max,
        evaluate_every=config.eval_every_n_steps,
        eval_steps=config.num_eval_steps,
        seed=config.seed,
        jit_compile=config.jit_compile,
        accumulation_steps=config.accumulation_steps,
        max_skipped_updates=config.max_skipped_updates,
        loss_scaling=config.precision == "float16",
        tokens_per_step=config.train_batch_size * config.max_seq_length,
        examples_per_step=config.train_batch_size,
        flops_per_step=flops.flops_per_step(config),
        update_flops=executed_flops.update_flops(config),
        compute_dtype=config.precision,
        profile_steps=steps_to_profile(config),
        stall_warning_seconds=config.stall_warning_seconds,
    )


if __name__ == "__main__":
    main(sys.argv)
