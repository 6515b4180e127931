"""What a config asks for, made: model, optimizer, evaluator, settings.

Puts the pre-training model and the training loop together.
"""

import functools
import os
import sys

import keras

from electra_tf import manifest, token_counts, tokenization
from electra_tf.configs import PretrainingConfig, steps_to_profile
from electra_tf.efficiency import executed_flops, flops
from electra_tf.pretraining import inputs, metrics
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.training import (
    checkpoints,
    distribution,
    run_record,
    schedules,
)
from electra_tf.training.evaluator import Evaluator
from electra_tf.training.optimizer import OPTIMIZERS
from electra_tf.training.settings import Settings
from electra_tf.training.stopping import UntilStopped


def model(
    config: PretrainingConfig,
    tokenizer: tokenization.Tokenizer,
    start: dict | None,
) -> Pretrainer:
    """Return a `Pretrainer` with new weights, or those to start from."""
    keras.utils.set_random_seed(config.seed)
    special = SpecialTokens(
        tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
    )
    counts = None
    if config.needs_token_counts:
        folder = os.path.dirname(config.pretrain_tfrecords)
        counts = token_counts.read(folder, tokenizer.vocab_sha256)
    pretrainer = Pretrainer(config, special, tokenizer.continues_word, counts)
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


def optimizer(config: PretrainingConfig, variables: dict):
    """Return the optimizer with the config's learning-rate schedule."""
    schedule = schedules.polynomial_decay_with_warmup(
        config.learning_rate,
        config.num_train_steps,
        config.num_warmup_steps,
        config.lr_decay_power,
        config.decay_after_warmup,
    )
    return OPTIMIZERS[config.optimizer](
        variables,
        schedule,
        config.weight_decay_rate,
        bias_correction=config.adam_bias_correction,
    )


def evaluator(config: PretrainingConfig, pretrainer, strategy, stop):
    """Return the evaluator on held-out records."""

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


def input_hashes(
    config: PretrainingConfig, tokenizer: tokenization.Tokenizer
) -> dict[str, str]:
    """Return what tells this run's data from other data."""
    folder = os.path.dirname(config.pretrain_tfrecords)
    path = os.path.join(folder, manifest.FILE_NAME)
    return {
        "vocab_sha256": tokenizer.vocab_sha256,
        "manifest_sha256": run_record.sha256(path),
    }


def settings(config: PretrainingConfig) -> Settings:
    """Return what the loop has to know of the config."""
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
