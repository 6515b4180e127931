"""Presets: what they set, and that they explain themselves."""

import pytest

from electra_tf.configs import PretrainingConfig, from_flags
from electra_tf.errors import UserError
from tests.test_from_flags import finetuning, pretraining

PRETRAINING_PRESETS = (
    "small",
    "small_owt",
    "base",
    "large",
    "debug",
    "nvidia_base_128",
    "nvidia_base_512",
)
FINETUNING_PRESETS = (
    "finetune_small",
    "finetune_base",
    "finetune_large",
    "debug",
)


@pytest.mark.parametrize("name", PRETRAINING_PRESETS)
@pytest.mark.parametrize("flag", ["--preset", "--flagfile"])
def test_pretraining_presets(name, flag):
    config = from_flags.read(
        PretrainingConfig, ["program", "--data_dir=D", f"{flag}={name}"]
    )
    assert config.model_name.startswith("electra_")


def test_presets_of_the_paper():
    base = pretraining("--preset=base")
    assert base.num_train_steps == 766_000
    assert base.max_predictions_per_seq == 79
    large = pretraining("--preset=large", "--num-train-steps=1750000")
    assert (large.mask_prob, large.num_train_steps) == (0.25, 1_750_000)
    assert pretraining("--preset=small") == pretraining()


@pytest.mark.parametrize(
    "length, part, parts", [(128, 176, 48), (512, 24, 144)]
)
def test_batches_of_nvidias_phases(length, part, parts):
    """Parts of so many examples on each of eight GPUs."""
    config = pretraining(
        f"--preset=nvidia_base_{length}", f"--accumulation_steps={parts}"
    )
    assert config.train_batch_size == 8 * parts * part
    assert config.max_seq_length == length


@pytest.mark.parametrize("name", FINETUNING_PRESETS)
def test_finetuning_presets(name):
    config = finetuning(f"--preset={name}", "--task_names=rte")
    assert config.task_names == ("rte",)


def test_every_preset_is_tested_and_explains_itself():
    tested = {*PRETRAINING_PRESETS, *FINETUNING_PRESETS}
    assert tested <= set(from_flags.preset_names())
    for name in from_flags.preset_names():
        text = (from_flags.PRESETS / f"{name}.flags").read_text()
        for word in ("# Command:", "# Cost:", "# Expect:", f"={name}"):
            assert word in text, (name, word)


# The paper's Table 7: learning rate, and what it is multiplied by per layer.
@pytest.mark.parametrize(
    ("size", "learning_rate", "layerwise_lr_decay"),
    [("small", 3e-4, 0.8), ("base", 1e-4, 0.8), ("large", 5e-5, 0.9)],
)
def test_fine_tuning_as_in_the_paper(size, learning_rate, layerwise_lr_decay):
    for task, epochs in {"rte": 10, "sts": 10, "squad": 2, "cola": 3}.items():
        config = finetuning(f"--preset=finetune_{size}", f"--task={task}")
        assert config.model_size == size
        assert config.learning_rate == learning_rate
        assert config.layerwise_lr_decay == layerwise_lr_decay
        assert config.num_train_epochs == epochs
        assert config.warmup_proportion == 0.1
        assert config.weight_decay_rate == 0
        assert config.train_batch_size == 32
        assert config.hidden_dropout_prob == 0.1
        assert config.attention_probs_dropout_prob == 0.1


def test_a_flag_file_may_name_a_preset(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text("--seed=7\n--learning-rate=0.5\n--preset=base\n")
    config = pretraining(f"--flagfile={file}")
    assert (config.model_size, config.seed) == ("base", 7)
    assert config.learning_rate == 0.5
    file.write_text("--preset=huge\n")
    with pytest.raises(UserError, match=r"mine.flags: --preset names no file"):
        pretraining(f"--flagfile={file}")
