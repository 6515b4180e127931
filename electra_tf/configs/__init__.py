"""The settings of pre-training and fine-tuning, and the model sizes.

`PretrainingConfig` and `FinetuningConfig` are made of groups, a dataclass for
each subject: `RunSettings`, `MachineSettings`, `MaskingSettings`, and so on. A
function that reads one subject names that group as the type of its argument.

Names and defaults are those of the original implementation. Where it leaves a
value to the model size, the task or debug mode, so do we; a value that is
given always wins. One name differs: results are saved as JSON, not by pickle,
so the original's `results_pkl` is `results_json` here.

This module does not import TensorFlow.

>>> config = PretrainingConfig(data_dir="data", model_name="electra_small")
>>> config.max_predictions_per_seq, config.vocab_file
(19, 'data/vocab.txt')
>>> encoder_config(config).hidden_size, generator_config(config).hidden_size
(256, 64)
"""

from electra_tf.configs.encoder import (
    ACTIVATIONS,
    INTERMEDIATE_RATIO,
    MODEL_SIZES,
    EncoderConfig,
    ModelSize,
    encoder_config,
    generator_config,
    num_heads,
)
from electra_tf.configs.finetuning import BATCHINGS, FinetuningConfig
from electra_tf.configs.hparams import (
    Config,
    Derived,
    check_same,
    from_json,
    hparam,
    to_json,
)
from electra_tf.configs.pretraining import PretrainingConfig
from electra_tf.configs.tasks import TASKS, TaskRow
from electra_tf.configs.tokenizer import TokenizerConfig
