"""Builds model, optimizer, evaluator and loop settings from a config."""

import functools
import os
import sys
from collections.abc import Sequence

import keras

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.efficiency import executed_flops, flops
from electra_tf.io import token_counts
from electra_tf.pretraining import inputs, metrics, objectives, two_stage
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.text import tokenization
from electra_tf.training import distribution, schedules
from electra_tf.training.loop import Phase
from electra_tf.training.optimizer import of_config
from electra_tf.training.settings import Settings
from electra_tf.training.step import Evaluator
from electra_tf.weights import assign


def model(
    config: PretrainingConfig,
    tokenizer: tokenization.Tokenizer,
    start: dict | None,
) -> Pretrainer:
    """Return a `Pretrainer` with new weights, or those to start from."""
    keras.utils.set_random_seed(config.seed)
    pretrainer = new_pretrainer(config, tokenizer)
    if start is not None:
        new = assign(
            pretrainer.variables,
            start,
            required=lambda path: not config.allow_new_parts,
        )
        parts = ", ".join(sorted({path.split("/")[0] for path in new}))
        message = f"Starting from {config.init_checkpoint}; new: "
        print(message + (parts or "nothing"), file=sys.stderr)
    return pretrainer


def new_pretrainer(
    config: PretrainingConfig, tokenizer: tokenization.Tokenizer
) -> Pretrainer:
    """Return a `Pretrainer` with new weights, for a tokenizer's vocabulary."""
    special = SpecialTokens(
        tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
    )
    counts = None
    if config.needs_token_counts:
        folder = os.path.dirname(config.pretrain_tfrecords)
        counts = token_counts.read(folder, tokenizer.vocab_sha256)
    return Pretrainer(config, special, tokenizer.continues_word, counts)


def optimizer(config: PretrainingConfig, variables: dict):
    """Return the optimizer with the config's learning-rate schedule."""
    return of_config(config, variables, _schedule(config))


def _schedule(config: PretrainingConfig):
    """Return the learning rate by step; in two phases each has its own."""

    def schedule(steps: int):
        return schedules.told(
            config.learning_rate,
            steps,
            config.num_warmup_steps,
            power=config.lr_decay_power,
            decay_after_warmup=config.decay_after_warmup,
        )

    first = config.generator_steps
    if first is None:
        return schedule(config.num_train_steps)
    second = schedule(config.num_train_steps - first)
    return two_stage.restarted(schedule(first), second, first)


def phases(config: PretrainingConfig, pretrainer: Pretrainer) -> list[Phase]:
    """Return what is trained when: all at once, or one network by one."""

    def of_model(function):
        return functools.partial(function, pretrainer)

    if config.generator_steps is None:
        return [Phase(0, of_model(_losses))]
    return [
        Phase(0, of_model(two_stage.generator_losses)),
        Phase(
            config.generator_steps,
            of_model(two_stage.discriminator_losses),
            begin=of_model(two_stage.start_discriminator),
        ),
    ]


def _losses(pretrainer: Pretrainer, batch, random) -> dict:
    output = pretrainer(batch, random, training=True)
    terms = objectives.losses(pretrainer.config, output)
    return terms | metrics.training_terms(output)


def evaluator(
    config: PretrainingConfig,
    pretrainer: Pretrainer,
    files: list[str],
    strategy,
    stop,
) -> Evaluator:
    """Return the evaluator on the records of some files."""

    def sums(batch, random):
        return metrics.sums(pretrainer(batch, random, training=False))

    dataset = functools.partial(inputs.evaluation_dataset, config, files)
    return Evaluator(
        sums,
        metrics.summarize,
        distribution.distribute(dataset, strategy),
        strategy,
        config.seed,
        stop,
    )


def settings(
    config: PretrainingConfig,
    shards: Sequence[str] = (),
    rollback: bool = False,
) -> Settings:
    """Return the settings of the training loop that reads some shards."""
    return Settings.of(
        config,
        num_train_steps=config.num_train_steps,
        steps_per_loop=config.iterations_per_loop,
        model_dir=config.model_dir,
        data_files=tuple(shards),
        keep=config.keep_checkpoint_max or 0,
        evaluate_every=config.eval_every_n_steps,
        eval_steps=config.num_eval_steps,
        seed=config.seed,
        jit_compile=distribution.compiles(
            config, encoder_config(config).hidden_size
        ),
        rollback=rollback,
        max_rollbacks=config.max_rollbacks,
        tokens_per_step=config.train_batch_size * config.max_seq_length,
        train_flops=functools.partial(flops.flops_of_updates, config),
        executed_flops=functools.partial(
            executed_flops.flops_of_updates, config
        ),
    )
