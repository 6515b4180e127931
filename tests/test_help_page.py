"""What --help, --helpfull and --version print of the flags of a program."""

import pytest

import electra_tf
from data_prep.build_vocab import VocabConfig
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    from_flags,
    help_page,
    hparams,
)

CLASSES = (
    PretrainingConfig,
    FinetuningConfig,
    VocabConfig,
    PretrainingDatasetConfig,
)
OF_EVERY_PROGRAM = 5  # Lines of flags that every page has.


def page(config_class, full=True) -> str:
    return help_page.text(config_class, "program", ["small"], full)


@pytest.mark.parametrize("config_class", [PretrainingConfig, FinetuningConfig])
def test_help_lists_the_flags_of_this_program_only(config_class, capsys):
    with pytest.raises(SystemExit) as stopped:
        from_flags.parse(config_class, ["program", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "--[no]do_train" in text
    assert "default 42" in text
    assert "pdb_post_mortem" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("config_class", CLASSES)
def test_the_short_page_has_what_people_use(config_class):
    short, full = page(config_class, full=False), page(config_class)
    number = len(hparams.readable_fields(config_class))
    shown = short.count("\n  --") - OF_EVERY_PROGRAM
    assert full.count("\n  --") == number + OF_EVERY_PROGRAM
    assert number >= shown >= 8 and shown <= 26
    rest = f"{number - shown} more flags: program --helpfull"
    assert (rest in short) == (number > shown)


def test_common_flags_are_flags():
    fields = {f.name for c in CLASSES for f in hparams.readable_fields(c)}
    assert fields >= help_page.COMMON


def test_help_shows_defaults_that_depend():
    text = page(PretrainingConfig)
    assert "updates in all (default 1000000; 20 in debug)" in text
    text = page(FinetuningConfig)
    assert "peak learning rate (default 0.0001; 5e-05 for large)" in text


def test_help_says_what_the_released_booleans_are():
    text = page(PretrainingConfig)
    heading = "The original's names for objective, generator and weight_sharing"
    _, _, section = text.partition(f"{heading}:\n")
    assert "--[no]electra_objective" in section.partition("\n\n")[0]
    assert text.count("--[no]untied_generator_embeddings\n") == 1
    assert heading not in page(FinetuningConfig)


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        from_flags.parse(FinetuningConfig, ["run_finetuning.py", "--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"electra_tf {electra_tf.__version__}\n"
