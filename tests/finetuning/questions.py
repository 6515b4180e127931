"""Tiny files of questions."""

import json
import pathlib

PASSAGE = "a good film . a very bad book ."
ANSWERS = {"good": "film", "bad": "book", "very good": None}


def squad(copies: int = 1, with_null: bool = True) -> dict:
    """Questions whose answers can be learnt, in SQuAD's format."""
    asked = [
        {
            "id": f"{number}-{text}",
            "question": text,
            "answers": []
            if answer is None
            else [{"text": answer, "answer_start": PASSAGE.find(answer)}],
            "is_impossible": answer is None,
        }
        for number in range(copies)
        for text, answer in ANSWERS.items()
        if with_null or answer
    ]
    paragraph = {"context": PASSAGE, "qas": asked}
    return {"version": "x", "data": [{"title": "t", "paragraphs": [paragraph]}]}


def mrqa() -> str:
    """The same without null answers, in MRQA's format."""
    asked = [
        {
            "qid": text,
            "question": text,
            "answers": [answer],
            "detected_answers": [
                {
                    "text": answer,
                    "char_spans": [[PASSAGE.find(answer), 0]],
                }
            ],
        }
        for text, answer in ANSWERS.items()
        if answer
    ]
    lines = [{"header": {}}, {"id": "c", "context": PASSAGE, "qas": asked}]
    return "".join(json.dumps(line) + "\n" for line in lines)


def write(path: pathlib.Path, content: dict) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path
