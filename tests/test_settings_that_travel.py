"""The table of settings that travel, in architecture.md, has them all."""

import dataclasses
import pathlib
import re

import pytest

from data_prep.builds import plan
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    TokenizerConfig,
)
from electra_tf.conversion.compatibility import (
    ENCODER_SETTINGS,
    FREE,
    GENERATOR_SETTINGS,
)
from electra_tf.conversion.model import ModelConfig
from electra_tf.finetuning.finetuned_model import FinetunedTask, InputSettings
from electra_tf.io.manifest import Manifest

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGE = DOCS / "explanation" / "architecture.md"
# Of a task: what it is, not a setting.
OF_A_TASK = {"name", "head"}


def names_of(kind) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


@pytest.fixture(scope="module")
def rows():
    """Return the cells of each row."""
    page = PAGE.read_text("utf-8").split("## Settings that travel")[1]
    lines = page.split("\n## ")[0].split("\n")
    table = [line.strip("| ").split(" | ") for line in lines if "|" in line]
    assert table[0] == ["setting", "kept in", "compared"]
    return table[2:]


@pytest.fixture(scope="module")
def named(rows):
    """Return the names in the first column."""
    return {name for row in rows for name in re.findall("`([^`]+)`", row[0])}


@pytest.fixture(scope="module")
def groups(rows):
    """Return the groups in the first column, whose settings are alike."""
    return {name for row in rows for name in re.findall(r"\*(.+?)\*", row[0])}


def test_every_row_says_where(rows):
    for row in rows:
        assert len(row) == 3, row
        assert all(row), row


def test_what_decides_ids_and_networks_has_its_name_there(named):
    assert names_of(TokenizerConfig) <= named
    assert names_of(InputSettings) <= named
    assert names_of(FinetunedTask) - OF_A_TASK <= named
    assert {*ENCODER_SETTINGS, *GENERATOR_SETTINGS} <= named
    fields = dataclasses.fields(PretrainingConfig)
    shapes = {f.name for f in fields if f.metadata["group"] == "model"}
    assert shapes <= named
    assert shapes - {*ENCODER_SETTINGS} <= {*FREE}


@pytest.mark.parametrize("kind", [PretrainingConfig, FinetuningConfig])
def test_what_a_run_may_not_change_is_there(kind, named, groups):
    for field in dataclasses.fields(kind):
        if not field.metadata["runtime"] and field.name not in named:
            assert field.metadata["group"] in groups, field.name


def test_no_name_is_there_that_is_no_setting(named, groups):
    configs = (PretrainingConfig, FinetuningConfig)
    known = set().union(*map(names_of, (*configs, FinetunedTask)))
    assert named - known == {"PretrainingDatasetConfig", "runtime"}
    fields = (field for kind in configs for field in dataclasses.fields(kind))
    assert groups <= {field.metadata["group"] for field in fields}


def test_settings_of_records_are_kept_and_compared():
    """Those with names of their own in a manifest, the others in `settings`.

    `plan.NOT_SETTINGS` is what records do not depend on.
    """
    assert names_of(TokenizerConfig) <= names_of(Manifest)
    assert {*plan.NOT_SETTINGS} <= names_of(PretrainingDatasetConfig)
    fields = dataclasses.fields(PretrainingDatasetConfig)
    runtime = {field.name for field in fields if field.metadata["runtime"]}
    # The vocabulary counts by its content, sizes by the number of files.
    assert {*plan.NOT_SETTINGS} - runtime == {"vocab_file", "text_mb_per_file"}


def test_a_model_keeps_what_its_start_is_compared_by():
    assert names_of(TokenizerConfig) <= names_of(ModelConfig)
    assert names_of(TokenizerConfig) <= {*ENCODER_SETTINGS}
