"""The options that docs/explanation/differences.md names exist."""

import dataclasses
import pathlib
import re

import pytest

from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf import configs
from electra_tf.efficiency import flops

ROOT = pathlib.Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "explanation" / "differences.md").read_text("utf-8")
HEADER = ["topic", "paper", "released code", "default here", "option"]
CONFIGS = (
    configs.PretrainingConfig,
    configs.FinetuningConfig,
    PretrainingDatasetConfig,
    flops.TransformerSizes,
)


def rows():
    lines = [line for line in TABLE.split("\n") if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row != HEADER and row[0] != "---"]


def options():
    named = re.findall(r"`([^`]+)`", " ".join(row[-1] for row in rows()))
    return sorted(set(named))


def test_every_row_has_all_columns():
    assert len(rows()) > 50
    for row in rows():
        assert len(row) == len(HEADER), row
        assert all(row), row


@pytest.mark.parametrize("option", options())
def test_option_exists_and_takes_the_value(option):
    name, _, value = option.partition("=")
    known = [
        config_class
        for config_class in CONFIGS
        if name in {field.name for field in dataclasses.fields(config_class)}
    ]
    assert known, name
    fields = [config_class.__dataclass_fields__[name] for config_class in known]
    for field in fields if value else ():
        choices = ("true", "false") if field.type is bool else ()
        choices = field.metadata["choices"] or choices
        assert not choices or value in choices
