"""Every kind of pre-training, as changes to a config."""

VARIANTS = {
    "rtd": {},
    "masked as in the paper": {
        "masking": "without_replacement",
        "mask_token_share": 1.0,
    },
    "mlm": {"electra_objective": False},
    "untied embeddings": {"untied_generator_embeddings": True},
    "all tied": {"untied_generator": False},
    "uniform": {"uniform_generator": True},
    "two towers": {"two_tower_generator": True},
    "electric": {"electric_objective": True},
    "disallow_correct": {"disallow_correct": True},
    "temperature": {"temperature": 0.7},
}
