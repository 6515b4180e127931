"""What the study trains: a table of models, and the settings they share."""

import typing

from electra_tf.configs import PretrainingConfig

# Of every model; the command line can change them.
SHARED = {
    "vocab_size": 4096,
    "embedding_size": 64,
    "model_hparam_overrides": {
        "hidden_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "initializer_range": 0.06,
        "max_position_embeddings": 64,
    },
    "max_seq_length": 64,
    "train_batch_size": 16,
    "learning_rate": 1.5e-3,
    "num_warmup_steps": 1000,
    "adam_bias_correction": True,
    "hidden_dropout_prob": 0,
    "attention_probs_dropout_prob": 0,
    "sampling": "inverse_cdf",
    "eval_batch_size": 32,
    "generator_hidden_size": 0.5,
}
SCRATCH = "scratch"


class Panel(typing.NamedTuple):
    """A comparison of the papers.

    Attributes:
        title: what is compared.
        source: where in the papers.
        models: names of rows of `MODELS`, in the papers' order.
    """

    title: str
    source: str
    models: tuple[str, ...]


class Model(typing.NamedTuple):
    """A row of the study.

    Attributes:
        title: for people.
        settings: flags of run_pretraining.py beside the shared ones; None
            for random weights.
        paper: GLUE score in the papers, or None.
        curve: whether it is fine-tuned on the way, too.
    """

    title: str
    settings: dict | None
    paper: float | None = None
    curve: bool = False


# In the order in which they are trained: a study that was stopped early has
# the most important ones.
MODELS = {
    SCRATCH: Model("random weights", None),
    "rtd": Model("ELECTRA", {}, 85.0, curve=True),
    "mlm": Model("BERT (MLM)", {"objective": "mlm"}, 82.2, curve=True),
    "all_tokens_mlm": Model(
        "All-Tokens MLM", {"objective": "all_tokens_mlm"}, 84.3
    ),
    "replace_mlm": Model("Replace MLM", {"objective": "replace_mlm"}, 82.4),
    "electra_15": Model("ELECTRA 15%", {"objective": "electra_15"}, 82.4),
    "uniform": Model("uniform", {"generator": "uniform"}),
    "shared_all": Model("all weights", {"weight_sharing": "all"}, 84.4),
    "generator_full": Model(
        "1; embeddings shared", {"generator_hidden_size": 1.0}, 84.3
    ),
    "generator_quarter": Model("1/4", {"generator_hidden_size": 0.25}),
    "shared_none": Model(
        "nothing",
        {"weight_sharing": "none", "generator_hidden_size": 1.0},
        83.6,
    ),
    "electric": Model("Electric", {"objective": "electric"}, 84.1),
    "electra_tt": Model("ELECTRA, two towers", {"generator": "two_towers"}),
    "all_tokens_mlm_no_copy": Model(
        "All-Tokens MLM, no copying", {"objective": "all_tokens_mlm_no_copy"}
    ),
}

PANELS = (
    Panel(
        "objective",
        "ELECTRA, Table 5",
        (
            "rtd",
            "all_tokens_mlm",
            "all_tokens_mlm_no_copy",
            "replace_mlm",
            "electra_15",
            "mlm",
        ),
    ),
    Panel(
        "size of the generator",
        "ELECTRA, Figure 3 left",
        ("uniform", "generator_quarter", "rtd", "generator_full"),
    ),
    Panel(
        "weights shared with a full-size generator",
        "ELECTRA, section 3.2",
        ("shared_none", "generator_full", "shared_all"),
    ),
    Panel(
        "energies",
        "Electric, Table 1",
        ("mlm", "electric", "electra_tt", "rtd"),
    ),
)


def pretraining_config(settings: dict, **more) -> PretrainingConfig:
    """Return the config of a model with these settings."""
    return PretrainingConfig(
        **{"data_dir": "-", "model_name": "-", **settings, **more}
    )
