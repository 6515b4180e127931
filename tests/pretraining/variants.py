"""Every kind of pre-training, as changes to a config."""

VARIANTS = {
    "rtd": {},
    "masked as in the paper": {
        "masking": "without_replacement",
        "mask_token_share": 1.0,
    },
    "mlm": {"objective": "mlm"},
    "untied embeddings": {"weight_sharing": "none"},
    "all tied": {"weight_sharing": "all"},
    "uniform": {"generator": "uniform"},
    "unigram": {"generator": "unigram"},
    "masked as by BERT": {"mask_token_share": 0.8, "random_token_share": 0.1},
    "rare tokens": {"masking": "rare_tokens"},
    "two towers": {"generator": "two_towers"},
    "electric": {"objective": "electric"},
    "disentangled": {"weight_sharing": "disentangled"},
    "disentangled electric": {
        "objective": "electric",
        "weight_sharing": "disentangled",
    },
    "adversarial": {"generator_training": "adversarial"},
    "adversarial, all at once": {
        "generator_training": "adversarial",
        "entropy_weight": 0.1,
        "temperature": 0.7,
        "weight_sharing": "all",
    },
    "two stages": {
        "generator_training": "two_stage",
        "num_train_steps": 12,
        "generator_hidden_size": 1.0,
        "weight_sharing": "none",
    },
    "electra_15": {"objective": "electra_15"},
    "replace_mlm": {"objective": "replace_mlm"},
    "all_tokens_mlm": {"objective": "all_tokens_mlm"},
    "all_tokens_mlm_no_copy": {"objective": "all_tokens_mlm_no_copy"},
    "two_tower": {"objective": "two_tower"},
    "disallow_correct": {"disallow_correct": True},
    "temperature": {"temperature": 0.7},
}

# Combinations that XLA is to compile on every replica.
COMPILED = {
    name: {**changes, "jit_compile": True}
    for name, changes in {
        "compiled": {},
        "compiled in parts": {"accumulation_steps": 2},
        "compiled float16": {"precision": "float16"},
        "compiled float16 in parts": {
            "precision": "float16",
            "accumulation_steps": 2,
        },
        "compiled two stages": VARIANTS["two stages"],
        "compiled electric": VARIANTS["electric"],
        "compiled scanned": {"scan_layers": True, "recompute": True},
    }.items()
}
