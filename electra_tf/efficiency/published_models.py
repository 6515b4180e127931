"""The models of the paper's tables, and how they were pre-trained: data.

`RELEASED` has the rows of the released count; ELMo's and XLNet's operations
come from TensorFlow's count, as published there, and RoBERTa, ALBERT and T5
are taken for transformers like BERT. `OTHERS` has further rows of the paper's
tables, by the same rules.
"""

import typing

from electra_tf.efficiency import flops
from electra_tf.efficiency.flops import TransformerSizes


class Trained(typing.NamedTuple):
    """Transformers that were pre-trained together."""

    networks: tuple[TransformerSizes, ...]  # The main one first.
    batch_size: int  # Inputs of an update.
    train_steps: int  # Number of updates.
    detects: bool = False  # Whether the main one detects the others' tokens.

    @property
    def training_flops(self) -> float:
        """Operations of pre-training, by the paper's count."""
        batches = (self.batch_size, self.train_steps)
        main, *others = self.networks
        total = flops.training_flops(main, *batches, self.detects)
        return total + sum(flops.training_flops(n, *batches) for n in others)

    def inference_flops(self, length: int = 128) -> int:
        """Operations of one input of `length` tokens, by the paper's count."""
        main = self.networks[0]
        return flops.inference_flops(main.replace(sequence_length=length))


class Counted(typing.NamedTuple):
    """A model whose forward pass others have counted."""

    forward: int  # Operations of a forward pass of `inputs` inputs.
    inputs: float  # How many.
    trained_on: float  # Inputs of all its pre-training.

    @property
    def training_flops(self) -> float:
        """Operations of pre-training."""
        passes = flops.FORWARD_AND_BACKWARD * self.trained_on
        return passes * (self.forward / self.inputs)

    def inference_flops(self, length: int = 128) -> None:
        """Not published."""


def _electra(main: TransformerSizes, width: int, batch_size: int, steps: int):
    """Return a discriminator with a generator of a width on its embeddings."""
    generator = TransformerSizes(
        width,
        main.num_layers,
        main.sequence_length,
        embedding_size=main.embedding_size,
    )
    return Trained((main, generator), batch_size, steps, True)


SMALL = TransformerSizes(256, 12, 128, embedding_size=128)
BASE = TransformerSizes(768, 12)
LARGE = TransformerSizes(1024, 24)
ROBERTA = TransformerSizes(1024, 24, vocab_size=50265)
GPT = TransformerSizes(768, 12, vocab_size=40000, output_frac=1.0)
ALBERT = TransformerSizes(4096, 12, vocab_size=30000, embedding_size=128)
# Of T5 only the decoder predicts, at every position.
_T5_ENCODER = TransformerSizes(
    1024,
    24,
    vocab_size=32000,
    intermediate_size=65536,
    num_heads=128,
    head_size=128,
    output_frac=0.0,
)
_T5_DECODER = _T5_ENCODER.replace(decoder=True, output_frac=1.0)
_ELMO_WORDS, _ELMO_EPOCHS = 768_648_884, 10  # The One Billion Word benchmark.

RELEASED = {
    "elmo": Counted(568_093_262_680, 20, _ELMO_EPOCHS * _ELMO_WORDS / 128),
    "xlnet": Counted(15_064_773_691_518, 32, 500_000 * 8192),
    "gpt": Trained((GPT,), 128, 960_800),
    "bert_small": Trained((SMALL,), 128, 1_450_000),
    "bert_base": Trained((BASE,), 256, 1_000_000),
    "bert_large": Trained((LARGE,), 256, 1_000_000),
    "electra_small": _electra(SMALL, 64, 128, 1_000_000),
    "electra_base": _electra(BASE, 256, 256, 766_000),
    "electra_400k": _electra(LARGE, 256, 2048, 400_000),
    "electra_1.75M": _electra(LARGE, 256, 2048, 1_750_000),
    "roberta": Trained((ROBERTA,), 8000, 500_000),
    "albert": Trained((ALBERT,), 4096, 1_500_000),
    "t5_11b": Trained((_T5_ENCODER, _T5_DECODER), 2048, 1_000_000),
}

# "bert_ours" is the paper's own BERT-Large; the paper's appendix D describes
# the ++ models, not Small++'s generator, which is taken as Small's. BERT-Small
# for a million updates is what Figure 1 seems to show.
OTHERS = {
    "bert_ours": Trained((LARGE,), 2048, 464_000),
    "roberta_100k": Trained((ROBERTA,), 8000, 100_000),
    "roberta_300k": Trained((ROBERTA,), 8000, 300_000),
    "electra_100k": _electra(LARGE, 256, 2048, 100_000),
    "electra_200k": _electra(LARGE, 256, 2048, 200_000),
    "electra_300k": _electra(LARGE, 256, 2048, 300_000),
    "electra_small++": _electra(
        SMALL.replace(sequence_length=512), 64, 128, 4_000_000
    ),
    "electra_base++": _electra(BASE, 256, 256, 4_000_000),
}
MODELS = {**RELEASED, **OTHERS}
