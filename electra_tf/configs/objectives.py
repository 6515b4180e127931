"""What each pre-training objective makes of the networks.

One row an objective. The pre-trainer builds it, the counts of FLOPs and of
weights add it up, and conversion tells what a run consists of, all from here.
The losses are in `electra_tf.pretraining.objectives`.
"""

import typing


class Layout(typing.NamedTuple):
    """The networks of an objective.

    Attributes:
        generator: who proposes tokens: "own" is a generator beside the main
            encoder, "main" the main encoder itself, "towers" two towers that
            are all there is.
        head: what the main encoder ends in when it reads the proposed
            tokens, a row of `electra_tf.pretraining.main_heads.HEADS`; None
            where it does not.
        trained_on: which tokens that head is trained on: "all" real ones, or
            the "chosen" ones alone.
    """

    generator: str
    head: str | None = None
    trained_on: str = "all"

    @property
    def has_main(self) -> bool:
        """Whether there is a main encoder, which can be fine-tuned."""
        return self.generator != "towers"

    @property
    def detects(self) -> bool:
        """Whether the main network tells replaced tokens from others."""
        return self.head in ("detection", "energy")


LAYOUTS = {
    "rtd": Layout("own", "detection"),
    "electra_15": Layout("own", "detection", "chosen"),
    "mlm": Layout("main"),
    "replace_mlm": Layout("own", "tokens", "chosen"),
    "all_tokens_mlm": Layout("own", "copied_tokens"),
    "all_tokens_mlm_no_copy": Layout("own", "tokens"),
    "electric": Layout("own", "energy"),
    "two_tower": Layout("towers"),
}
GENERATORS = ("masked_language_model", "uniform", "unigram", "two_towers")
WITHOUT_NETWORK = ("uniform", "unigram")
WEIGHT_SHARING = ("none", "embeddings", "all", "disentangled")
GENERATOR_TRAINING = ("joint", "two_stage", "adversarial")
