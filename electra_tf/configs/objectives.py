"""Pre-training objectives, and what they are made of: one row each.

A row tells which networks there are, what the main encoder ends in, and what
that head costs. The pre-trainer builds the row; both counts of FLOPs and the
count of weights add it up; conversion names its variables. A new objective is
a row of `OBJECTIVES`, and, for a new head, its layers here and a class of the
same name in `electra_tf.pretraining.objectives.HEADS`.

No TensorFlow is imported.
"""

import typing


class Dense(typing.NamedTuple):
    """A linear layer of a head."""

    name: str  # In its variables' names.
    # The encoder's width that comes in, a field of `EncoderConfig`.
    inputs: str = "hidden_size"
    # The width that goes out, likewise; None for one number.
    outputs: str | None = None
    activation: bool = False  # Whether the model's activation follows.
    layer_norm: bool = False  # Whether a LayerNorm follows.
    # How many vectors of the input width stand side by side.
    num_inputs: int = 1
    # Whether the counts of FLOPs have the bias's additions.
    counts_bias: bool = True

    def kernel_shape(self, sizes) -> tuple[int, int]:
        """Return the kernel's shape for an encoder's sizes.

        Args:
            sizes: `EncoderConfig`, or another object with its widths.
        """
        rows = self.num_inputs * getattr(sizes, self.inputs)
        return rows, getattr(sizes, self.outputs) if self.outputs else 1


class HeadLayer(typing.NamedTuple):
    """A Keras layer of `electra_tf.layers.heads`, as data."""

    name: str  # The first part of its variables' names.
    # Its linear layers, in their order.
    dense: tuple[Dense, ...] = (Dense("dense"),)
    # Whether a product with the word embeddings, a bias and a softmax over the
    # vocabulary follow.
    predicts_tokens: bool = False
    trains_input: bool = True  # Whether its gradient goes on to what comes in.

    def shapes(self, sizes) -> dict[str, tuple[int, ...]]:
        """Return the shapes of its variables by name.

        >>> import types
        >>> HeadLayer("head").shapes(types.SimpleNamespace(hidden_size=8))
        {'head/dense/kernel': (8, 1), 'head/dense/bias': (1,)}
        """
        shapes: dict[str, tuple[int, ...]] = {}
        for dense in self.dense:
            rows, columns = dense.kernel_shape(sizes)
            shapes[f"{self.name}/{dense.name}/kernel"] = (rows, columns)
            shapes[f"{self.name}/{dense.name}/bias"] = (columns,)
            if dense.layer_norm:
                shapes[f"{self.name}/LayerNorm/gamma"] = (columns,)
                shapes[f"{self.name}/LayerNorm/beta"] = (columns,)
        if self.predicts_tokens:
            shapes[f"{self.name}/output_bias"] = (sizes.vocab_size,)
        return shapes


def token_prediction(name: str, num_inputs: int = 1) -> HeadLayer:
    """Return BERT's head, which predicts tokens of the vocabulary."""
    dense = Dense(
        "dense",
        outputs="embedding_size",
        activation=True,
        layer_norm=True,
        num_inputs=num_inputs,
    )
    return HeadLayer(name, (dense,), predicts_tokens=True)


class HeadSpec(typing.NamedTuple):
    """A head of the main encoder."""

    name: str  # Its row in `electra_tf.pretraining.objectives.HEADS`.
    # Its Keras layers. The paper's count of FLOPs has the first.
    layers: tuple[HeadLayer, ...]
    detects: bool = False  # Whether it tells replaced tokens from others.
    # Whether it reads all tokens, even where it is trained on the chosen ones
    # alone.
    reads_all: bool = False


REPLACED_TOKEN = HeadLayer(
    "discriminator_predictions",
    (
        Dense("dense", outputs="hidden_size", activation=True),
        # The released count of FLOPs leaves this bias out.
        Dense("dense_1", counts_bias=False),
    ),
)
TOKENS = token_prediction("token_predictions")
COPY = HeadLayer("copy_predictions")

DETECTION = HeadSpec(
    "detection", (REPLACED_TOKEN,), detects=True, reads_all=True
)
ENERGY = DETECTION._replace(name="energy")
TOKEN_PREDICTION = HeadSpec("tokens", (TOKENS,))
COPIED_TOKENS = HeadSpec("copied_tokens", (TOKENS, COPY))


class ObjectiveSpec(typing.NamedTuple):
    """A row of `OBJECTIVES`."""

    # Who proposes tokens: "own" is a generator beside the main encoder, "main"
    # the main encoder itself, "towers" two towers that are all there is.
    generator: str
    # What the main encoder ends in when it reads the proposed tokens; None
    # where it does not read them.
    head: HeadSpec | None = None
    # Which tokens that head is trained on: "all" real ones, or the "chosen"
    # ones alone.
    trained_on: str = "all"
    needs_towers: bool = False  # Whether the generator must be `two_towers`.

    @property
    def has_main(self) -> bool:
        """Whether there is a main encoder, which can be fine-tuned."""
        return self.generator != "towers"

    @property
    def detects(self) -> bool:
        """Whether the main network tells replaced tokens from others."""
        return self.head is not None and self.head.detects

    @property
    def reads_all(self) -> bool:
        """Whether the head reads all tokens, not the chosen ones alone."""
        return self.trained_on == "all" or self.head.reads_all

    @property
    def head_layers(self) -> tuple[HeadLayer, ...]:
        """The Keras layers of the head; none without one."""
        return self.head.layers if self.head else ()


OBJECTIVES = {
    "rtd": ObjectiveSpec("own", DETECTION),
    "electra_15": ObjectiveSpec("own", DETECTION, "chosen"),
    "mlm": ObjectiveSpec("main"),
    "replace_mlm": ObjectiveSpec("own", TOKEN_PREDICTION, "chosen"),
    "all_tokens_mlm": ObjectiveSpec("own", COPIED_TOKENS),
    "all_tokens_mlm_no_copy": ObjectiveSpec("own", TOKEN_PREDICTION),
    "electric": ObjectiveSpec("own", ENERGY, needs_towers=True),
    "two_tower": ObjectiveSpec("towers", needs_towers=True),
}


class GeneratorSpec(typing.NamedTuple):
    """A row of `GENERATORS`."""

    encoders: tuple[str, ...] = ()  # Names of the encoders that are its own.
    # What predicts tokens from their vectors; None without a network.
    head: HeadLayer | None = None
    # Whether it predicts all tokens, not the chosen ones alone.
    reads_all: bool = False


CLOZE = token_prediction("cloze_predictions", num_inputs=2)
GENERATORS = {
    "masked_language_model": GeneratorSpec(
        ("generator",), token_prediction("generator_predictions")
    ),
    "uniform": GeneratorSpec(),
    "unigram": GeneratorSpec(),
    "two_towers": GeneratorSpec(
        ("generator_ltr", "generator_rtl"), CLOZE, reads_all=True
    ),
}
# Stands beside an adversarial generator's head and expects its reward.
BASELINE = HeadLayer("baseline_predictions", trains_input=False)
WITHOUT_NETWORK = tuple(
    name for name, row in GENERATORS.items() if row.head is None
)
WEIGHT_SHARING = ("none", "embeddings", "all", "disentangled")
GENERATOR_TRAINING = ("joint", "two_stage", "adversarial")
