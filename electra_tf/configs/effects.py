"""Which settings have an effect only beside others: a row each.

A command line may set what its run has no use for: a preset's generator with
an objective that has none, a test file that nothing asks to predict for. Such
settings are no mistakes, and are told when a program starts.
"""

import dataclasses
import typing
from collections.abc import Callable

from electra_tf.configs.hparams import Config, Derived
from electra_tf.configs.tasks import TASKS, TaskRow


class Effect(typing.NamedTuple):
    """A row of a table of effects."""

    names: tuple[str, ...]  # Of the settings.
    holds: Callable[[typing.Any], object]  # Whether they have it in a config.
    needs: str  # What else it takes, for a message.


def without_effect(config: Config) -> list[str]:
    """Return sentences on settings that have no effect beside the others.

    Those are meant whose values are not the default.
    """
    fields = {field.name: field for field in dataclasses.fields(config)}
    return [
        f"{name} {getattr(config, name)!r} has no effect: it needs "
        f"{effect.needs}."
        for effect in config.effects
        if not effect.holds(config)
        for name in effect.names
        if getattr(config, name) != _default(config, fields[name])
    ]


def _default(config: Config, field: dataclasses.Field) -> typing.Any:
    default = field.metadata["default"]
    return default.rule(config) if isinstance(default, Derived) else default


def _samples(config) -> bool:
    return config.objective_spec.head is not None


def _shares(config) -> bool:
    return config.objective_spec.generator == "own" and config.trains_generator


def _reads_masks(config) -> bool:
    by_main = config.objective_spec.generator == "main"
    return by_main or config.generator == "masked_language_model"


def _comes(config, step: int) -> bool:
    """Say whether there are updates after a step."""
    return step < config.num_train_steps


def _of_tasks(name: str, which: Callable[[TaskRow], bool]) -> Effect:
    """Return the row of a setting of some tasks."""
    tasks = [task for task, row in TASKS.items() if which(row)]
    return Effect(
        (name,),
        lambda c: {*tasks} & {*c.task_names},
        f"the task {' or '.join(tasks)}",
    )


DEVICES = (
    Effect(
        (
            *("tpu_name", "tpu_zone", "gcp_project", "tpu_job_name"),
            "num_tpu_cores",
        ),
        lambda c: c.distribution_strategy == "tpu",
        "use_tpu or distribution_strategy 'tpu'",
    ),
)
PRETRAINING = (
    *DEVICES,
    Effect(
        ("generator_layers", "generator_hidden_size"),
        lambda c: c.has_small_generator,
        "a generator that is a network of its own",
    ),
    Effect(
        ("weight_sharing",),
        _shares,
        "a generator that is a network beside the main one",
    ),
    Effect(
        ("temperature", "disallow_correct", "sampling"),
        _samples,
        "an objective that samples tokens",
    ),
    Effect(
        ("disc_weight",),
        _samples,
        "an objective whose main network reads sampled tokens",
    ),
    Effect(
        ("gen_weight",),
        lambda c: c.trains_generator,
        "a generator that is trained",
    ),
    Effect(
        ("mask_token_share", "random_token_share"),
        _reads_masks,
        "a masked language model",
    ),
    Effect(
        ("masking", "mask_unit"),
        lambda c: c.objective_spec.has_main,
        "an objective that chooses tokens",
    ),
    Effect(
        ("allow_new_parts",),
        lambda c: c.init_checkpoint is not None,
        "init_checkpoint",
    ),
    Effect(
        ("eval_tfrecords", "num_eval_steps", "eval_batch_size"),
        lambda c: c.evaluates,
        "do_eval or eval_every_n_steps",
    ),
    Effect(("results_txt", "results_json"), lambda c: c.do_eval, "do_eval"),
    Effect(
        ("evaluate_random_weights",),
        lambda c: c.do_eval and not c.do_train,
        "do_eval without do_train",
    ),
    Effect(
        ("profile_steps", "rollback", "max_rollbacks", "eval_every_n_steps"),
        lambda c: c.do_train,
        "do_train",
    ),
    Effect(
        ("profile_steps",),
        lambda c: not c.do_train or _comes(c, (c.steps_to_profile or [0])[0]),
        "more updates, num_train_steps",
    ),
    Effect(
        ("eval_every_n_steps",),
        lambda c: not c.do_train or _comes(c, c.eval_every_n_steps - 1),
        "as many updates, num_train_steps",
    ),
)
FINETUNING = (
    *DEVICES,
    Effect(
        (
            *("test_file", "n_writes_test", "test_predictions"),
            "predict_batch_size",
        ),
        lambda c: c.write_test_outputs,
        "write_test_outputs",
    ),
    Effect(
        ("write_test_outputs",),
        lambda c: c.n_writes_test > 0,
        "n_writes_test, which must be 1 or more",
    ),
    Effect(
        (
            *("dev_file", "eval_batch_size"),
            *("results_txt", "results_json", "report_dir"),
            *("qa_eval_file", "qa_preds_file", "qa_na_file"),
        ),
        lambda c: c.do_eval,
        "do_eval",
    ),
    Effect(
        ("tuned_model_dir",),
        lambda c: c.tuned_models != "none",
        "tuned_models best or all",
    ),
    Effect(
        ("log_examples", "keep_all_models", "profile_steps"),
        lambda c: c.do_train,
        "do_train",
    ),
    Effect(
        ("layerwise_decay_top_exponent",),
        lambda c: c.layerwise_lr_decay > 0,
        "a layerwise_lr_decay above 0",
    ),
    Effect(
        ("write_distill_outputs",),
        lambda c: False,
        "the original's program; this one writes no logits to distill from",
    ),
    Effect(
        ("text_pair_column",),
        lambda c: "tagging" not in c.task_names,
        "a task of pairs or questions",
    ),
    Effect(
        ("source",),
        lambda c: not all(TASKS[name].own_data for name in c.task_names),
        "a task of a benchmark; tfds_name is for your own data",
    ),
    Effect(
        ("raw_data_dir",),
        lambda c: not all(TASKS[name].own_data for name in c.task_names),
        "a task of a benchmark; your own data have train_file and the like",
    ),
    Effect(
        ("preprocessed_data_dir",),
        lambda c: c.use_tfrecords_if_existing,
        "use_tfrecords_if_existing",
    ),
    Effect(
        ("tfds_data_dir",),
        lambda c: c.source == "tfds" or c.tfds_name is not None,
        "source 'tfds' or tfds_name",
    ),
    _of_tasks("double_unordered", lambda row: row.unordered),
    _of_tasks("released_tagging", lambda row: row.head == "tagging"),
    _of_tasks("label_separator", lambda row: row.head == "multilabel"),
    Effect(
        ("tfds_train_split", "tfds_dev_split", "tfds_test_split"),
        lambda c: c.tfds_name is not None,
        "tfds_name",
    ),
    Effect(
        (
            *("max_query_length", "doc_stride", "n_best_size"),
            *("max_answer_length", "answer_places", "answer_scoring"),
            *("answerable_classifier", "answerable_uses_start_logits"),
            *("answerable_weight", "joint_prediction", "beam_size"),
            *("qa_na_threshold", "qa_eval_file", "qa_preds_file"),
            "qa_na_file",
        ),
        lambda c: c.asks_questions,
        "a task that answers questions",
    ),
    Effect(
        ("answerable_uses_start_logits", "answerable_weight"),
        lambda c: c.answerable_classifier,
        "answerable_classifier",
    ),
    Effect(("beam_size",), lambda c: c.joint_prediction, "joint_prediction"),
)
RECORDS = (
    Effect(
        ("text_mb_per_file",),
        lambda c: c.num_out_files is None,
        "num_out_files to be left out",
    ),
)
VOCABULARY = (
    Effect(("seed",), lambda c: c.max_mb is not None, "max_mb"),
    Effect(
        ("character_coverage",),
        lambda c: c.max_characters is None,
        "max_characters to be left out",
    ),
)
