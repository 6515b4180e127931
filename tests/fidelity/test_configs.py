"""Settings and model shapes are those that the original derives.

Not replayed, on purpose: `utils`, which flattens and nests dictionaries of
features by task, where ours have one flat name a feature; and durations below
a minute ("5", here "0:05") or of days ("1 day, 0:00:00", here "1d 0:00:00").
"""

import json

import pytest

from electra_tf import configs
from electra_tf.training.progress import duration
from tests.fidelity.conftest import goldens_folder

CONFIG_CLASSES = {
    "pretraining": configs.PretrainingConfig,
    "finetuning": configs.FinetuningConfig,
}


def load(name: str):
    """Return a JSON golden, or nothing where it is not present."""
    path = goldens_folder() / name
    return json.loads(path.read_text()) if path.exists() else {}


def settings_rows() -> list:
    """Return (program, arguments, attributes) of every recorded config."""
    recorded = load("L_configs.json")
    rows = []
    for program in CONFIG_CLASSES:
        first = recorded.get(program, [{}])[0].get("attributes", {})
        for row in recorded.get(program, []):
            differing = row.get("attributes_that_differ_from_first_row", {})
            rows.append((program, row["arguments"], {**first, **differing}))
    return rows


def translated(attributes: dict) -> dict:
    """Return the attributes in our terms: JSON for pickle, tuples for lists."""
    ours = dict(attributes)
    ours["results_json"] = ours.pop("results_pkl").replace(".pkl", ".json")
    if "test_predictions" in ours:
        pickled = ours["test_predictions"]
        ours["test_predictions"] = pickled.replace(".pkl", ".json")
    if "task_names" in ours:
        ours["task_names"] = tuple(ours["task_names"])
    return ours


@pytest.mark.parametrize(
    ("program", "arguments", "attributes"), settings_rows()
)
def test_settings(program, arguments, attributes):
    settings = {"data_dir": "DATA", "model_name": "NAME", **arguments}
    config = configs.from_json(CONFIG_CLASSES[program], settings)
    expected = CONFIG_CLASSES[program].translated(translated(attributes))
    received = {name: getattr(config, name) for name in expected}
    assert received == expected


@pytest.mark.parametrize("program", CONFIG_CLASSES)
def test_unknown_arguments_are_a_value_error(program):
    recorded = load("L_configs.json")
    if not recorded:
        pytest.skip("no L_configs.json")
    assert recorded["unknown_argument_error"] == ValueError.__name__
    values = {"data_dir": "DATA", "model_name": "NAME", "no_such_thing": 1}
    with pytest.raises(ValueError, match="Unknown field 'no_such_thing'"):
        configs.from_json(CONFIG_CLASSES[program], values)


def durations() -> list:
    """Return [seconds, text] of those that are written alike."""
    recorded = load("L_configs.json").get("seconds_to_string", [])
    return [row for row in recorded if 59.5 < row[0] < 86_400]


@pytest.mark.parametrize(("seconds", "text"), durations())
def test_durations(seconds, text):
    assert duration(seconds) == text


def shape_rows() -> list:
    """Return (settings, encoder, generator) of every recorded shape."""
    return [
        (
            {
                "model_size": row["model_size"],
                "model_hparam_overrides": row["model_hparam_overrides"],
                "generator_hidden_size": generator["generator_hidden_size"],
                "generator_layers": generator["generator_layers"],
            },
            {**row["encoder_config"], "embedding_size": row["embedding_size"]},
            generator["generator_config"],
        )
        for row in load("A_forward/derived_configs.json")
        for generator in row["generators"]
    ]


@pytest.mark.parametrize(("settings", "encoder", "generator"), shape_rows())
def test_shapes(settings, encoder, generator):
    settings = {
        **settings,
        "data_dir": "DATA",
        "model_name": "NAME",
        "max_seq_length": min(128, encoder["max_position_embeddings"]),
    }
    if generator["hidden_size"] % generator["num_attention_heads"]:
        # The original derives this shape too, and fails when it builds it.
        with pytest.raises(ValueError, match="must be divisible by"):
            configs.PretrainingConfig(**settings)
        return
    config = configs.PretrainingConfig(**settings)
    embedding_size = encoder["embedding_size"] or encoder["hidden_size"]
    expected = {"embedding_size": embedding_size}
    received = configs.to_json(configs.encoder_config(config))
    assert received == {**encoder, **expected}
    received = configs.to_json(configs.generator_config(config))
    assert received == {**generator, **expected}
