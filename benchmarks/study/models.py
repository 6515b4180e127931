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
    "train_batch_size": 32,
    "learning_rate": 2e-3,
    "num_warmup_steps": 300,
    "adam_bias_correction": True,
    "hidden_dropout_prob": 0,
    "attention_probs_dropout_prob": 0,
    "sampling": "inverse_cdf",
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
    "mlm": Model("BERT (MLM)", {"electra_objective": False}, 82.2, curve=True),
    "uniform": Model("uniform generator", {"uniform_generator": True}),
    "generator_quarter": Model("1/4", {"generator_hidden_size": 0.25}),
    "generator_full": Model("1", {"generator_hidden_size": 1.0}, 84.3),
    "shared_all": Model("all weights", {"untied_generator": False}, 84.4),
    "shared_none": Model(
        "nothing",
        {"generator_hidden_size": 1.0, "untied_generator_embeddings": True},
        83.6,
    ),
    "electric": Model(
        "Electric",
        {"electra_objective": False, "electric_objective": True},
        84.1,
    ),
}

PANELS = (
    Panel("objective", "ELECTRA, Table 5", ("rtd", "mlm")),
    Panel(
        "generator size",
        "ELECTRA, Figure 3 left",
        ("uniform", "generator_quarter", "rtd", "generator_full"),
    ),
    Panel(
        "shared weights",
        "ELECTRA, section 3.2",
        ("shared_none", "generator_full", "shared_all"),
    ),
    Panel("Electric", "Electric, Table 1", ("mlm", "electric", "rtd")),
)


def pretraining_config(settings: dict, **more) -> PretrainingConfig:
    """Return the config of a model with these settings."""
    return PretrainingConfig(
        **{"data_dir": "-", "model_name": "-", **settings, **more}
    )
