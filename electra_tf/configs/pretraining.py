"""The config of pre-training."""

import dataclasses
import math
import os

from electra_tf.configs import fields, pretraining_checks
from electra_tf.configs.hparams import Derived
from electra_tf.configs.objectives import (
    GENERATOR_TRAINING,
    GENERATORS,
    OBJECTIVES,
    WEIGHT_SHARING,
    WITHOUT_NETWORK,
    ObjectiveSpec,
    generator_of,
    objective_of,
    released,
    weight_sharing_of,
)
from electra_tf.configs.program import ProgramConfig

# Added to mask_prob before rounding down; part of the original's rule.
MASK_PROB_ROUNDING = 0.005


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingConfig(ProgramConfig):
    """Settings of pre-training; defaults train ELECTRA-Small.

    Paths default to places below `data_dir`: records in
    `pretrain_tfrecords/`, the vocabulary in `vocab.txt`, all that the run
    writes in `models/<model_name>/`.

    Exit status: 0 done; 75 stopped by SIGTERM or Ctrl-C with a checkpoint
    saved; 74 no room on the disk; 2 a mistake in the command line; 1 any
    other error. The same command goes on from the newest checkpoint.
    """

    do_train: bool = fields.run(True, "whether to train")
    do_eval: bool = fields.run(False, "whether to evaluate")
    eval_every_n_steps: int = fields.run(
        0,
        "updates between evaluations while training; 0 evaluates only at the "
        "end, with do_eval",
        at_least=0,
    )

    electra_objective: bool = fields.objective(
        Derived(
            lambda c: released(c.objective) != "mlm",
            "true; false with objective mlm or two_tower",
        ),
        "replaced token detection; false trains BERT's objective; see "
        "objective",
    )
    electric_objective: bool = fields.objective(
        Derived(
            lambda c: c.objective == "electric",
            "false; true with objective electric",
        ),
        "noise-contrastive energies of the Electric paper; see objective",
    )
    objective: str = fields.objective(
        Derived(
            lambda c: objective_of(c.electra_objective, c.electric_objective),
            "rtd; mlm or electric where the two settings above say so",
        ),
        "what is trained, see docs/objectives.md",
        choices=tuple(OBJECTIVES),
    )
    gen_weight: float = fields.objective(
        1.0, "weight of the generator's loss", at_least=0
    )
    disc_weight: float = fields.objective(
        Derived(
            lambda c: 50.0 if c.detects else 1.0,
            "50; 1 for objectives whose main network predicts tokens",
        ),
        "weight of the discriminator's loss, or that of the main network in "
        "its place",
        at_least=0,
    )
    mask_prob: float = fields.objective(
        0.15, "fraction of tokens to mask", more_than=0, less_than=1
    )
    mask_token_share: float = fields.objective(
        0.85,
        "share of the chosen tokens that become [MASK], the others stay; the "
        "paper has 1, BERT 0.8",
        at_least=0,
        at_most=1,
    )
    random_token_share: float = fields.objective(
        0.0,
        "share of the chosen tokens that become any other token; BERT has 0.1",
        at_least=0,
        at_most=1,
    )
    masking: str = fields.objective(
        "with_replacement",
        "how positions are drawn: with_replacement, as in the released code; "
        "without_replacement chooses none twice and rounds their number up, "
        "as in the paper; rare_tokens does so too, and prefers rare tokens",
        choices=("with_replacement", "without_replacement", "rare_tokens"),
    )
    mask_unit: str = fields.objective(
        "token",
        "what is chosen to be predicted: single tokens, or whole words, never "
        "twice; their share is mask_prob on average",
        choices=("token", "word"),
    )
    sampling: str = fields.objective(
        "gumbel",
        "how tokens are drawn from the generator: gumbel draws a number a "
        "word piece, as the original; inverse_cdf one a position, for the "
        "same distribution",
        choices=("gumbel", "inverse_cdf"),
    )
    temperature: float = fields.objective(
        1.0, "softmax temperature of the sampling", more_than=0
    )
    disallow_correct: bool = fields.objective(
        False, "never sample the original token"
    )

    uniform_generator: bool = fields.generator(
        Derived(
            lambda c: c.generator == "uniform",
            "false; true with generator uniform",
        ),
        "replacements drawn uniformly, without a network; see generator",
    )
    two_tower_generator: bool = fields.generator(
        Derived(
            lambda c: (
                c.generator == "two_towers"
                if c.generator
                else c.objective in ("electric", "two_tower")
            ),
            "false; true with generator two_towers, objective electric or "
            "two_tower",
        ),
        "a left-to-right and a right-to-left transformer; see generator",
    )
    generator: str = fields.generator(
        Derived(
            lambda c: generator_of(c.uniform_generator, c.two_tower_generator),
            "masked_language_model; another where the two settings above say "
            "so",
        ),
        "what proposes the tokens that replace others",
        choices=tuple(GENERATORS),
    )
    untied_generator: bool = fields.generator(
        Derived(
            lambda c: c.weight_sharing != "all",
            "true; false with weight_sharing all",
        ),
        "false lets generator and discriminator share all weights; see "
        "weight_sharing",
    )
    untied_generator_embeddings: bool = fields.generator(
        Derived(
            lambda c: c.weight_sharing == "none",
            "false; true with weight_sharing none",
        ),
        "whether the generator has its own embeddings; see weight_sharing",
    )
    weight_sharing: str = fields.generator(
        Derived(
            lambda c: weight_sharing_of(
                c.untied_generator, c.untied_generator_embeddings
            ),
            "embeddings; another where the two settings above say so",
        ),
        "what generator and discriminator have in common; disentangled is "
        "DeBERTaV3's sharing of embeddings that only the generator trains",
        choices=WEIGHT_SHARING,
    )
    generator_training: str = fields.generator(
        "joint",
        "how the generator is trained: joint with the discriminator; "
        "two_stage, before it; adversarial, to make it err",
        choices=GENERATOR_TRAINING,
    )
    entropy_weight: float = fields.generator(
        0.0,
        "weight of the entropy of an adversarial generator's proposals, which "
        "keeps them diverse",
        at_least=0,
    )
    generator_layers: float = fields.generator(
        1.0, "depth as a fraction of the discriminator's", more_than=0
    )
    generator_hidden_size: float = fields.generator(
        0.25, "width as a fraction of the discriminator's", more_than=0
    )

    learning_rate: float = fields.optimization(
        5e-4, "peak learning rate", at_least=0
    )
    lr_decay_power: float = fields.optimization(
        1.0, "power of the decay; 1 is linear", at_least=0
    )
    weight_decay_rate: float = fields.optimization(
        0.01, "decoupled weight decay", at_least=0
    )
    num_warmup_steps: int = fields.optimization(
        10000, "warm-up updates", at_least=0
    )
    num_train_steps: int = fields.optimization(
        fields.or_debug(1_000_000, 20),
        "updates in all",
        runtime=True,
        at_least=1,
    )
    generator_steps: int | None = fields.optimization(
        Derived(
            lambda c: (
                c.num_train_steps // 2
                if c.generator_training == "two_stage"
                else None
            ),
            "half of num_train_steps with generator_training two_stage",
        ),
        "updates of the generator before the discriminator's begin, in "
        "two_stage",
        at_least=1,
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
    keep_checkpoint_max: int = fields.run(
        5, "number of recent checkpoints to keep; 0 keeps all", at_least=0
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

    def check(self):
        """Raise a ValueError if fields contradict each other."""
        super().check()
        pretraining_checks.check(self)

    @property
    def objective_spec(self) -> ObjectiveSpec:
        """The networks that the objective trains, and what they cost."""
        return OBJECTIVES[self.objective]

    @property
    def stages(self) -> dict[str, int]:
        """What is trained, and its first update: all, or one by one."""
        if self.generator_steps is None:
            return {"all": 0}
        return {"generator": 0, "discriminator": self.generator_steps}

    def updates_by_stage(self, number: int) -> dict[str, int]:
        """Return how many of a run's first updates are of each stage."""
        first = self.generator_steps
        if first is None:
            return {"all": number}
        of_generator = min(number, first)
        return {
            "generator": of_generator,
            "discriminator": number - of_generator,
        }

    @property
    def detects(self) -> bool:
        """Whether the main network tells replaced tokens from others."""
        return self.objective_spec.detects

    @property
    def has_small_generator(self) -> bool:
        """Whether the generator is a network of its own size."""
        if self.generator in WITHOUT_NETWORK:
            return False
        return (
            self.objective_spec.generator != "main"
            and self.weight_sharing != "all"
        )

    @property
    def masks_words(self) -> bool:
        """Whether whole words are chosen to be predicted."""
        return self.mask_unit == "word"

    @property
    def masking_strategy(self) -> str:
        """Row of `masking_strategies.STRATEGIES` in pretraining."""
        return "whole_words" if self.masks_words else self.masking

    @property
    def needs_token_counts(self) -> bool:
        """Whether it matters how often each token comes in the records."""
        return self.generator == "unigram" or self.masking == "rare_tokens"

    @property
    def max_predictions_per_seq(self) -> int:
        """Masked positions an input has room for."""
        if self.masking_strategy != "with_replacement":
            return math.ceil(self.mask_prob * self.max_seq_length)
        fraction = self.mask_prob + MASK_PROB_ROUNDING
        return int(fraction * self.max_seq_length)

    @property
    def held_out_tfrecords(self) -> str:
        """Pattern of the records held out beside the training ones."""
        folder = os.path.dirname(self.pretrain_tfrecords)
        return os.path.join(folder, "held_out_data.tfrecord*")
