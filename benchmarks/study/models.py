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
    "adam_bias_correction": True,
    "hidden_dropout_prob": 0,
    "attention_probs_dropout_prob": 0,
    "sampling": "inverse_cdf",
    "eval_batch_size": 32,
    "generator_hidden_size": 0.5,
}
SCRATCH = "scratch"


class Model(typing.NamedTuple):
    """A row of the study.

    Attributes:
        settings: flags of run_pretraining.py beside the shared ones; None
            for random weights.
        paper: GLUE score in the paper's comparison, or None.
    """

    settings: dict | None
    paper: float | None = None


class Panel(typing.NamedTuple):
    """A comparison of the papers.

    Attributes:
        title: what is compared, and where in the papers.
        labels: of rows of `MODELS`, by name.
    """

    title: str
    labels: dict[str, str]


# In the order in which they are trained: a study that was stopped early has
# the most important ones.
MODELS = {
    SCRATCH: Model(None),
    "rtd": Model({}, 85.0),
    "mlm": Model({"objective": "mlm"}, 82.2),
    "all_tokens_mlm": Model({"objective": "all_tokens_mlm"}, 84.3),
    "replace_mlm": Model({"objective": "replace_mlm"}, 82.4),
    "electra_15": Model({"objective": "electra_15"}, 82.4),
    "uniform": Model({"generator": "uniform"}),
    "unigram": Model({"generator": "unigram"}),
    "shared_all": Model({"weight_sharing": "all"}, 84.4),
    "generator_full": Model({"generator_hidden_size": 1.0}, 84.3),
    "generator_quarter": Model({"generator_hidden_size": 0.25}),
    "shared_none": Model(
        {"weight_sharing": "none", "generator_hidden_size": 1.0}, 83.6
    ),
    "adversarial": Model({"generator_training": "adversarial"}),
    "two_stage": Model(
        {
            "generator_training": "two_stage",
            "weight_sharing": "none",
            "generator_hidden_size": 1.0,
        }
    ),
    "shared_disentangled": Model(
        {"weight_sharing": "disentangled", "generator_hidden_size": 1.0}
    ),
    "electric": Model({"objective": "electric"}, 84.1),
    "electra_tt": Model({"generator": "two_towers"}),
    "all_tokens_mlm_no_copy": Model({"objective": "all_tokens_mlm_no_copy"}),
}

PANELS = (
    Panel(
        "objectives (ELECTRA, Table 5)",
        {
            "rtd": "ELECTRA",
            "all_tokens_mlm": "All-Tokens MLM",
            "all_tokens_mlm_no_copy": "no copying",
            "replace_mlm": "Replace MLM",
            "electra_15": "ELECTRA 15%",
            "mlm": "BERT",
        },
    ),
    Panel(
        "width of the generator (ELECTRA, Figure 3 left)",
        {
            "uniform": "uniform",
            "unigram": "unigram",
            "generator_quarter": "1/4",
            "rtd": "1/2",
            "generator_full": "1",
        },
    ),
    Panel(
        "shared with a generator of width 1 (ELECTRA, 3.2)",
        {
            "shared_none": "nothing",
            "generator_full": "embeddings",
            "shared_disentangled": "disentangled",
            "shared_all": "all weights",
        },
    ),
    Panel(
        "how the generator is trained (ELECTRA, Figure 3 right)",
        {
            "rtd": "jointly",
            "two_stage": "before",
            "adversarial": "adversarially",
            "mlm": "BERT",
        },
    ),
    Panel(
        "energies (Electric, Table 1)",
        {
            "rtd": "ELECTRA",
            "electra_tt": "ELECTRA, two towers",
            "electric": "Electric",
            "mlm": "BERT",
        },
    ),
)

# Score by cost (ELECTRA, Figure 1).
BY_COST = Panel(
    "score by cost (ELECTRA, Figure 1)",
    {
        "generator_quarter": "ELECTRA",
        "unigram": "ELECTRA, replaced by frequency",
        "uniform": "ELECTRA, replaced at random",
        "replace_mlm": "Replace MLM",
        "mlm": "BERT",
    },
)


def by_cost_place(name: str) -> int:
    """Return where a model stands in scores by cost; unknown ones are last."""
    known = list(BY_COST.labels)
    return known.index(name) if name in known else len(known)


def pretraining_config(settings: dict, **more) -> PretrainingConfig:
    """Return the config of a model with these settings."""
    return PretrainingConfig(
        **{"data_dir": "-", "model_name": "-", **settings, **more}
    )
