"""Which settings of the program `Pretraining` has no use for: a row each."""

import sys

import keras

from electra_tf.configs import PretrainingConfig
from electra_tf.errors import UserError
from electra_tf.layers.precision import POLICIES
from electra_tf.models.tokenizer import Tokenizer

_PROGRAM = "run_pretraining.py has it"
_FIT = "fit and evaluate do what they are called for"
_CALLBACKS = "callbacks of Keras do that"
_OWN_TOKENIZER = "it is the tokenizer's own"
# What to use instead. Where they are left out, other weights are learnt.
OTHER_WEIGHTS = {
    "init_checkpoint": _PROGRAM,
    "init_generator": _PROGRAM,
    "allow_new_parts": _PROGRAM,
    "generator_steps": f"fit trains in one phase; {_PROGRAM}",
}
INSTEAD = {
    **OTHER_WEIGHTS,
    **dict.fromkeys(
        (
            *("use_tpu", "distribution_strategy", "logical_cpus"),
            *("collective_communication", "collective_bytes_per_pack"),
            *("num_tpu_cores", "tpu_job_name", "tpu_name", "tpu_zone"),
            "gcp_project",
        ),
        f"fit trains on one device; {_PROGRAM}",
    ),
    "accumulation_steps": f"fit trains on whole batches; {_PROGRAM}",
    "model_name": "give name",
    "vocab_file": "the tokenizer is given",
    **dict.fromkeys(
        (
            *("do_lower_case", "strip_accents", "tokenize_chinese_chars"),
            "max_input_chars_per_word",
        ),
        _OWN_TOKENIZER,
    ),
    "data_dir": "give files to pretraining.records",
    "pretrain_tfrecords": "give files to pretraining.records",
    "eval_tfrecords": "give a dataset to evaluate, or fit's validation_data",
    "eval_batch_size": "a dataset has batches",
    "num_eval_steps": "give steps to evaluate, or fit's validation_steps",
    "eval_every_n_steps": "give fit validation_data",
    "model_dir": "give a folder to electra_tf.save",
    "results_txt": "evaluate returns the results",
    "results_json": "evaluate returns the results",
    **dict.fromkeys(("do_train", "do_eval", "evaluate_random_weights"), _FIT),
    **dict.fromkeys(
        (
            *("iterations_per_loop", "save_checkpoints_steps"),
            *("keep_checkpoint_max", "profile_steps"),
        ),
        _CALLBACKS,
    ),
    **dict.fromkeys(
        (
            *("rollback", "max_rollbacks", "accept_changed_inputs"),
            *("stall_warning_seconds", "stall_timeout_seconds"),
        ),
        _PROGRAM,
    ),
}
_ONE_DEVICE = ("off", "one_device")


def of_names(tokenizer: Tokenizer, name: str, settings) -> PretrainingConfig:
    """Return the config of settings by name.

    What is not given comes from the tokenizer, and the number format from
    Keras' dtype policy.

    Raises:
        UserError: for settings of the program that `Pretraining` has not.
    """
    settings = dict(settings)
    text = tokenizer.config.tokenizer_settings
    known = {"vocab_size": tokenizer.vocab_size, **text}
    if settings.get("precision") is None:
        settings["precision"] = _precision()
    places = {"data_dir": ".", "model_name": name}
    config = PretrainingConfig(**{**places, **known, **settings, **text})
    unused = _unused(config, **places, **known) | {
        name: settings[name]
        for name in text
        if settings.get(name) not in (None, text[name])
    }
    if unused:
        raise UserError(_told(unused))
    return config


def check(tokenizer: Tokenizer, config: PretrainingConfig) -> None:
    """Say which settings of a program's config `Pretraining` does not use.

    Raises:
        UserError: where other weights would be learnt without them.
    """
    unused = _unused(
        config,
        data_dir=config.data_dir,
        model_name=config.model_name,
        **tokenizer.config.tokenizer_settings,
    )
    refused = {n: v for n, v in unused.items() if n in OTHER_WEIGHTS}
    if refused:
        raise UserError(_told(refused))
    if unused:
        print(_told(unused), file=sys.stderr)


def _unused(config: PretrainingConfig, **known) -> dict:
    """Return what is not used and differs from what is known, by name."""
    plain = PretrainingConfig(debug=config.debug, **known)
    used = set()
    if config.needs_token_counts:
        used = {"data_dir", "pretrain_tfrecords"}  # The counts are beside them.
    if config.distribution_strategy in _ONE_DEVICE:
        used.add("distribution_strategy")
    return {
        name: getattr(config, name)
        for name in INSTEAD
        if name not in used and getattr(config, name) != getattr(plain, name)
    }


def _told(unused: dict) -> str:
    values = "; ".join(
        f"{name} {value!r} ({INSTEAD[name]})" for name, value in unused.items()
    )
    return f"Pretraining does not use all settings of the program: {values}."


def _precision() -> str:
    """Return the setting that Keras' dtype policy stands for."""
    policy = keras.config.dtype_policy().name
    for name, known in POLICIES.items():
        if known == policy:
            return name
    raise UserError(
        "Pretraining's numbers must be of Keras' dtype policy "
        f"{', '.join(POLICIES.values())}. Received: {policy!r}. Set another by "
        "keras.config.set_dtype_policy, or give precision, one of "
        f"{', '.join(POLICIES)}."
    )
