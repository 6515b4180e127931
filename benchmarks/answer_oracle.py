"""The best scores that answers made of pieces can reach on files of questions.

    python -m benchmarks.answer_oracle --vocab_file=vocab.txt dev.json ...

The first answer of each question is learnt as pieces and read back from them,
as by a model that is always right. What falls short is counted by its reason.
"""

import argparse
import collections
import types

from electra_tf import command_line
from electra_tf.configs.finetuning import ANSWER_PLACES as NAMES
from electra_tf.configs.finetuning import QuestionAnsweringSettings
from electra_tf.finetuning.tasks.question_answering import (
    answer_metrics,
    passages,
)
from electra_tf.finetuning.tasks.question_answering.answer_places import (
    ANSWER_PLACES,
)
from electra_tf.text.tokenization import Tokenizer

MISPLACED = "not in the passage at its place"
WITHOUT_PIECES = "of no piece"
TOO_LONG = "of more pieces than max_answer_length"
BORDER = "not on the border of pieces"
RIGHT = "exact"


def outcomes(asked: list, places, max_answer_length: int) -> tuple:
    """Return how often each outcome comes, and the best answers by question.

    Args:
        asked: list of `Asked` that have answers.
        places: a row of `ANSWER_PLACES`, of some tokenizer.
        max_answer_length: the most pieces of an answer.
    """
    counts, answers = collections.Counter(), {}
    for q in asked:
        outcome, answer = _outcome(q, places, max_answer_length)
        answers[q.id] = answer
        counts[outcome] += 1
    return counts, answers


def _outcome(q, places, max_answer_length: int) -> tuple[str, str]:
    answer, begin = q.answers[0]
    if not places.is_at_its_place(q.passage, answer, begin):
        return MISPLACED, ""
    label = places.label(
        passages.Question(0, q.id, q.text, q.passage, [], answer, begin)
    )
    if label is None:
        return WITHOUT_PIECES, ""
    if label.length > max_answer_length:
        return TOO_LONG, ""
    question = types.SimpleNamespace(passage=q.passage)
    text, _, _ = places.text(question, label.start, label.end - 1)
    return (RIGHT if text == answer else BORDER), text


def main(argv: list[str] | None = None):
    """Print a line a file: questions, exact match, F1, and reasons."""
    parser = command_line.parser("benchmarks.answer_oracle", __doc__)
    parser.add_argument("files", nargs="+", help="in SQuAD's format")
    parser.add_argument("--vocab_file", required=True)
    parser.add_argument(
        "--do_lower_case", action=argparse.BooleanOptionalAction, default=True
    )
    parser.add_argument("--answer_places", choices=NAMES, default="exact")
    length = QuestionAnsweringSettings().max_answer_length
    parser.add_argument("--max_answer_length", type=int, default=length)
    args = parser.parse_args(argv)
    with command_line.errors_of("answer_oracle"):
        tokenizer = Tokenizer(args.vocab_file, args.do_lower_case)
        for path in args.files:
            asked = [q for q in passages.read_squad(path) if q.answers]
            places = ANSWER_PLACES[args.answer_places](tokenizer)
            counts, found = outcomes(asked, places, args.max_answer_length)
            golds = {q.id: q.golds for q in asked}
            scores = answer_metrics.exact_match_and_f1(golds, found)
            print(
                f"{path}: {len(asked)} questions, exact match "
                f"{scores['exact_match']:.2f}, F1 {scores['f1']:.2f}; "
                + ", ".join(f"{n} {reason}" for reason, n in counts.items())
            )


if __name__ == "__main__":
    main()
