"""Rebuilds the recorded pre-training runs from their files alone."""

import functools
import json
import pathlib

import numpy as np
import tensorflow as tf

from electra_tf.configs import PretrainingConfig, from_json
from electra_tf.pretraining.masking import (
    Batch,
    MaskingRandomInputs,
    SpecialTokens,
)
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.pretraining.sampling import gumbel
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training.checkpoints import read_variables
from electra_tf.weights import assign
from tests import tiny

NOT_FIELDS = ("max_predictions_per_seq",)


class RecordedRun:
    """One folder of B_pretrain."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.recorded = json.loads((folder / "config.json").read_text())
        self.config = self._config()
        tokenizer = Tokenizer(folder.parents[1] / "vocab_tiny.txt")
        special = SpecialTokens(
            tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
        )
        self.pretrainer = Pretrainer(self.config, special)
        values = read_variables(str(folder / "ckpt_init"))
        assign(self.pretrainer.variables, values)
        self.inputs = np.load(folder.parent / self.recorded["inputs_file"])
        self.checkpoint_names = set(values)

    def _config(self) -> PretrainingConfig:
        hparams = {
            name: value
            for name, value in self.recorded["hparams"].items()
            if name not in NOT_FIELDS
        }
        overrides = dict(self.recorded["encoder_config"])
        overrides.pop("vocab_size")
        settings = {
            "data_dir": "unused",
            "model_name": "unused",
            "model_hparam_overrides": overrides,
            **hparams,
            **self.recorded["objective_flags"],
        }
        return from_json(PretrainingConfig, settings)

    @property
    def steps(self) -> int:
        return self.recorded["steps"]

    def load(self, name: str) -> dict:
        with np.load(self.folder / name, allow_pickle=False) as data:
            return dict(data)

    def forward(self, step: int):
        """Run a forward pass with the recorded draws of a step."""
        batch = Batch(
            *(
                self.inputs[name][step]
                for name in ("input_ids", "input_mask", "segment_ids")
            )
        )
        choices = MaskingRandomInputs(
            tf.constant(self.inputs["raw_positions"][step]),
            tf.constant(self.inputs["replace_draw"][step]),
        )
        noise = (self.inputs["noise_u16"][step].astype(np.float32) + 0.5) / (
            np.float32(65536)
        )
        sample = functools.partial(gumbel, random=tiny.Noise(noise))
        output = self.pretrainer.read_masked(
            Batch(*map(tf.constant, batch)), choices, None
        )
        return self.pretrainer.read_samples(output, sample, None)
