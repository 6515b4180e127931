"""Figure 1 of the paper: GLUE scores of models by pre-training cost."""

import typing


class Point(typing.NamedTuple):
    """A model in Figure 1.

    Attributes:
        label: as printed.
        model: key of `published_models.MODELS`; None for GloVe, whose cost
            is near 0.
        flops: where the figure has it, read from its drawing.
        glue: likewise; development sets, average.
        detects: whether it is trained by replaced token detection.
    """

    label: str
    model: str | None
    flops: float
    glue: float
    detects: bool = False


FIGURE_1 = (
    Point("GloVe", None, 0.0, 68.60),
    Point("BERT-Small", "bert_small", 9.85e17, 75.10),
    Point("ELMo", "elmo", 3.1e18, 71.18),
    Point("GPT", "gpt", 3.97e19, 78.78),
    Point("BERT-Base", "bert_base", 6.43e19, 82.21),
    Point("BERT-Large", "bert_large", 1.92e20, 84.00),
    Point("RoBERTa 100k", "roberta_100k", 6.37e20, 87.91),
    Point("RoBERTa 300k", "roberta_300k", 1.91e21, 88.36),
    Point("RoBERTa 500k", "roberta", 3.19e21, 88.93),
    Point("XLNet", "xlnet", 3.86e21, 89.11),
    Point("ELECTRA-Small", "electra_small", 9.85e17, 79.90, True),
    Point("ELECTRA-Base", "electra_base", 6.43e19, 85.07, True),
    Point("ELECTRA-Large 100k", "electra_100k", 1.78e20, 87.80, True),
    Point("ELECTRA-Large 200k", "electra_200k", 3.56e20, 88.37, True),
    Point("ELECTRA-Large 300k", "electra_300k", 5.34e20, 88.83, True),
    Point("ELECTRA-Large 400k", "electra_400k", 7.12e20, 89.03, True),
)
