"""The config of pre-training."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from electra_tf.configs import effects, fields, released
from electra_tf.configs.encoder import SEGMENTS, encoder_config
from electra_tf.configs.networks import (
    GeneratorSettings,
    MaskingSettings,
    ObjectiveSettings,
)
from electra_tf.configs.optimization import PretrainingUpdates
from electra_tf.configs.program import ProgramConfig
from electra_tf.errors import UserError
from electra_tf.io import records


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingConfig(
    PretrainingUpdates,
    GeneratorSettings,
    MaskingSettings,
    ObjectiveSettings,
    ProgramConfig,
):
    """Settings of pre-training; defaults train ELECTRA-Small.

    Paths default to places below `data_dir`: records in
    `pretrain_tfrecords/`, the vocabulary in `vocab.txt`, all that the run
    writes in `models/<model_name>/`.

    Exit status: 0 done; 75 stopped by SIGTERM or Ctrl-C with a checkpoint
    saved; 69 stopped by stall_timeout_seconds, or another worker was lost;
    74 no room on the disk; 2 a mistake in the command line; 1 a mistake in
    what was given, or a file or connection that fails; 70 a mistake of ours,
    with its traceback. The same command goes on from the newest checkpoint.
    """

    effects = effects.PRETRAINING

    do_train: bool = fields.run(True, "whether to train")
    do_eval: bool = fields.run(False, "whether to evaluate")
    evaluate_random_weights: bool = fields.run(
        False, "let do_eval score a model that nobody has trained"
    )
    eval_every_n_steps: int = fields.run(
        0,
        "updates between evaluations while training; 0 evaluates only at the "
        "end, with do_eval",
        at_least=0,
    )

    max_seq_length: int = fields.batch(128, "tokens of an input", at_least=3)
    train_batch_size: int = fields.batch(
        fields.or_debug(128, 8),
        "examples of an update, over all devices",
        at_least=1,
    )
    eval_batch_size: int = fields.batch(
        fields.or_debug(128, 4), "examples of a step", runtime=True, at_least=1
    )
    num_eval_steps: int = fields.batch(
        fields.or_debug(100, 2), "batches to evaluate", runtime=True, at_least=1
    )
    shuffle_buffer_size: int = fields.batch(
        10000, "examples held in memory to shuffle from", at_least=1
    )

    iterations_per_loop: int = fields.run(
        fields.or_debug(200, 1), "updates between summaries", at_least=1
    )
    save_checkpoints_steps: int = fields.run(
        1000, "updates between checkpoints", at_least=1
    )
    keep_checkpoint_max: int | None = fields.run(
        5,
        "number of recent checkpoints to keep; 0 and null keep all",
        at_least=0,
    )

    rollback: bool = fields.run(
        False,
        "if updates were skipped last, go on from the last checkpoint that has "
        "proven good; its learning rate and warm-up may be other ones",
    )
    max_rollbacks: int = fields.run(
        0,
        "times that a run whose updates are not finite does so by itself, each "
        "time at half the learning rate",
        at_least=0,
    )

    pretrain_tfrecords: str = fields.path_field(
        fields.path("{c.data_dir}/pretrain_tfrecords/pretrain_data.tfrecord*"),
        "pattern of the training records",
    )
    eval_tfrecords: str | None = fields.path_field(
        None,
        "pattern of the evaluation records; null takes those held out beside "
        "the training ones, or else the training ones",
    )
    vocab_file: str = fields.path_field(
        fields.path("{c.data_dir}/vocab.txt"), "word pieces, one a line"
    )
    model_dir: str = fields.path_field(
        fields.path("{c.data_dir}/models/{c.model_name}"), "folder of the run"
    )
    init_checkpoint: str | None = fields.path_field(
        None,
        "weights to start from instead of random ones, with a new optimizer "
        "and schedule; whatever electra_tf.conversion reads: a run, a model "
        "folder, a TensorFlow 1 checkpoint, a Hugging Face folder",
    )
    init_generator: str | None = fields.path_field(
        None, "likewise the generator, where init_checkpoint has none"
    )
    allow_new_parts: bool = fields.run(
        False,
        "let what init_checkpoint lacks, a generator say, start from random "
        "weights",
    )
    results_txt: str = fields.path_field(
        fields.path("{c.model_dir}/results/unsup_results.txt"),
        "results for people",
    )
    results_json: str = fields.path_field(
        fields.path("{c.model_dir}/results/unsup_results.json"),
        "results for programs (results_pkl in the original)",
    )

    @classmethod
    def other_fields(cls) -> tuple[dataclasses.Field, ...]:
        """Return the released code's names, see `configs.released`."""
        kinds = (released.ReleasedSettings, released.ReleasedPaths)
        return tuple(field for k in kinds for field in dataclasses.fields(k))

    @classmethod
    def translated(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings with those names turned into our settings."""
        return released.translated(values)

    def check(self):
        """Raise a `UserError` if fields contradict each other."""
        super().check()
        if encoder_config(self).type_vocab_size < SEGMENTS:
            raise UserError(
                "type_vocab_size must be at least 2: inputs have two segments. "
                f"Received: model_hparam_overrides "
                f"{dict(self.model_hparam_overrides)}."
            )
        if self.init_generator and not self.init_checkpoint:
            raise UserError(
                "init_generator needs init_checkpoint, the discriminator's. "
                f"Received: init_generator {self.init_generator!r} alone."
            )

    @property
    def evaluates(self) -> bool:
        """Whether there are evaluations, while training or after it."""
        return self.do_eval or self.eval_every_n_steps > 0

    @property
    def needs_token_counts(self) -> bool:
        """Whether it matters how often each token comes in the records."""
        return self.generator == "unigram" or self.masking == "rare_tokens"

    @property
    def held_out_tfrecords(self) -> str:
        """Pattern of the records held out beside the training ones."""
        folder = os.path.dirname(self.pretrain_tfrecords)
        return os.path.join(folder, f"{records.HELD_OUT_STEM}*")
