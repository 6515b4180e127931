"""Settings of question answering."""

import dataclasses

from electra_tf.configs import fields
from electra_tf.configs.hparams import Config


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuestionAnsweringSettings(Config):
    """Windows over passages, the heads, and how answers are chosen."""

    max_query_length: int = fields.qa(
        64, "word pieces of a question", at_least=1
    )
    doc_stride: int = fields.qa(128, "step between windows", at_least=1)
    n_best_size: int = fields.qa(20, "answers to keep a question", at_least=1)
    max_answer_length: int = fields.qa(
        30, "word pieces of an answer", at_least=1
    )
    answerable_classifier: bool = fields.qa(
        True, "whether to predict if a question has an answer"
    )
    answerable_uses_start_logits: bool = fields.qa(
        True, "whether that prediction sees the likely start"
    )
    answerable_weight: float = fields.qa(
        0.5, "weight of the loss of that prediction", at_least=0
    )
    joint_prediction: bool = fields.qa(
        True, "whether the end of an answer is predicted given its start"
    )
    beam_size: int = fields.qa(20, "starts to consider", at_least=1)
    qa_na_threshold: float = fields.qa(
        -2.75, "null odds above which a test question counts as unanswerable"
    )
