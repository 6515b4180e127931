"""The best scores that answers made of word pieces can reach on files.

    python -m benchmarks.answer_oracle --vocab_file=vocab.txt dev.json ...

An answer is learnt as pieces and read back from them, as by a model that is
always right. Of a question's answers the first that comes back counts. What
falls short is counted by its reason, that of the first answer.
"""

import argparse
import collections
import typing

from electra_tf import command_line
from electra_tf.configs import FinetuningConfig
from electra_tf.configs.finetuning import (
    ANSWER_PLACES,
    ANSWER_SCORINGS,
    QuestionAnsweringSettings,
)
from electra_tf.finetuning.tasks.question_answering import (
    answer_metrics,
    passages,
    reach,
)
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.text.tokenization import Tokenizer

MISPLACED = "not in the passage at their place"


class Bound(typing.NamedTuple):
    """What can be reached on some questions."""

    questions: int
    exact_match: float  # In percent, as F1.
    f1: float
    outcomes: collections.Counter  # How often each comes, see `reach`.

    def __str__(self) -> str:
        """Say it in a line."""
        reasons = "".join(
            f"; {n} {outcome}" for outcome, n in self.outcomes.most_common()
        )
        return (
            f"{self.questions} questions, exact match at most "
            f"{self.exact_match:.2f}, F1 {self.f1:.2f}{reasons}"
        )


def bound(asked: list[passages.Asked], tokenizer: Tokenizer, config) -> Bound:
    """Return the bound of some questions that have answers.

    `config` is a `FinetuningConfig`.
    """
    read_back = reach.Reach(
        Windows(tokenizer, config), config, config.answer_scoring
    )
    outcomes, texts = collections.Counter(), {}
    for q in asked:
        found = [_read_back(read_back, q, *answer) for answer in q.answers]
        there = [(o, text) for o, text in found if o == reach.EXACT]
        outcome, texts[q.id] = (there or found)[0]
        outcomes[outcome] += 1
    golds = {q.id: q.golds for q in asked}
    scores = answer_metrics.exact_match_and_f1(
        golds, texts, config.answer_scoring
    )
    return Bound(len(asked), scores["exact_match"], scores["f1"], outcomes)


def _read_back(read_back, q, answer: str, begin: int) -> tuple[str, str]:
    places = read_back.windows.places
    if not places.is_at_its_place(q.passage, answer, begin):
        return MISPLACED, ""
    return read_back(
        passages.Question(0, q.id, q.text, q.passage, q.golds, answer, begin)
    )


def settings(**changes) -> FinetuningConfig:
    """Return the settings of questions; folders are not looked at."""
    return FinetuningConfig(
        data_dir=".", model_name=".", task_names=["squad"], **changes
    )


def main(argv: list[str] | None = None):
    """Print a line a file: questions, exact match, F1, and reasons."""
    parser = command_line.parser("benchmarks.answer_oracle", __doc__)
    add = parser.add_argument
    add("files", nargs="+", help="in SQuAD's format")
    add("--vocab_file", required=True)
    for flag in ("--do_lower_case", "--strip_accents"):
        add(
            flag,
            action=argparse.BooleanOptionalAction,
            default=argparse.SUPPRESS,
        )
    add("--answer_places", choices=ANSWER_PLACES, default="exact")
    add("--answer_scoring", choices=ANSWER_SCORINGS, default="squad")
    most = QuestionAnsweringSettings().max_answer_length
    add("--max_answer_length", type=int, default=most)
    chosen = vars(parser.parse_args(argv))
    with command_line.errors_of("answer_oracle"):
        paths = chosen.pop("files")
        config = settings(**chosen)
        tokenizer = Tokenizer.of(config.vocab_file, config)
        for path in paths:
            asked = passages.read_file(path, "squad")
            asked = [question for question in asked if question.answers]
            print(f"{path}: {bound(asked, tokenizer, config)}")


if __name__ == "__main__":
    main()
