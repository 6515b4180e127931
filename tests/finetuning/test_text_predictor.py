"""Texts in, answers out, from Python."""

import random

import numpy as np
import pytest

import electra_tf
from electra_tf.configs import encoder_config
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.serving import answers, tag_answers
from electra_tf.finetuning.serving.network import Served
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.text import scripts
from electra_tf.text.offsets import OffsetTokenizer
from electra_tf.text.tokenization import BasicTokenizer
from electra_tf.weights import assign
from tests.finetuning import finetuned, sentences
from tests.finetuning.finetuned import loaded

LONG = "good bad film " * 100


def test_a_list_stands_for_words(tagger):
    predictor = loaded(tagger)
    for words in (["good-film"], ["good", "film"]):
        (answer,) = predictor([words])
        assert answer == predictor({"words": words})


def test_answers_are_those_of_the_network(model, tmp_path):
    """The same numbers as by features, batches and all, of training."""
    from electra_tf.conversion import model_folder
    from electra_tf.finetuning import inputs
    from electra_tf.finetuning.model import FinetuningModel

    texts = ["a good film", "bad", "very bad books .", LONG]
    config = sentences.config()
    tasks = task_table.tasks(config)
    network = FinetuningModel(encoder_config(config), tasks)
    assign(network.variables, model_folder.read(model).variables)
    examples = [Example(i, text, None, 0) for i, text in enumerate(texts)]
    tokenizer = sentences.tokenizer(tmp_path)
    made = inputs.make(tasks, {"sst": examples}, tokenizer, 4)
    (batch,) = inputs.batches(made, np.arange(4)[None], None, 16)
    logits = network(batch, None)["sst"]["logits"].numpy()
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    answers = loaded(model)(texts)

    received = [[*answer["probabilities"].values()] for answer in answers]
    np.testing.assert_allclose(received, shares, atol=1e-6)
    best = [str(label) for label in shares.argmax(axis=1)]
    assert [answer["label"] for answer in answers] == best
    assert len({*best}) == 2
    assert [answer["cut"] for answer in answers] == [False] * 3 + [True]


def test_batches_do_not_change_answers(any_model):
    row = ("good film", "a bad book")
    rows = [(f"{row[0]} {'very ' * n}", row[1]) for n in range(7)]
    if loaded(any_model).task.name in ("sst", "chunk"):  # Texts alone.
        rows = [text for text, _ in rows]
    together = loaded(any_model, batch_size=4)(rows)
    alone = loaded(any_model, batch_size=1)(rows)
    assert together == _nearly(alone)


def _nearly(value):
    if isinstance(value, dict):
        return {name: _nearly(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_nearly(v) for v in value]
    return pytest.approx(value, 1e-4) if isinstance(value, float) else value


def test_a_number_is_on_the_scale_of_the_raw_data(tmp_path):
    folder = finetuned.write(tmp_path, "sts")
    predictor = loaded(folder)
    row = {"text": "good film", "text_pair": "bad book"}
    (answer,) = predictor([row])
    (made,) = predictor.answers.inputs(row)
    assert made["segment_ids"] == [0, 0, 0, 0, 1, 1, 1]
    read = finetuned_model.read(folder)
    raw = Served(read, read.task())(
        np.array([made["input_ids"]], np.int32),
        np.ones((1, 7), np.int32),
        np.array([made["segment_ids"]], np.int32),
    )
    assert answer["score"] == pytest.approx(5 * float(raw["predictions"][0]))


def test_label_sets(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("text\tlabel\ngood film\ta,b\nbad\tb,c\n")
    files = dict.fromkeys(("train_file", "dev_file"), str(path))
    columns = {"text_column": "text", "label_column": "label"}
    folder = finetuned.write(tmp_path, "multilabel", **files, **columns)
    for answer in loaded(folder)(["good film", "bad"]):
        shares = answer["probabilities"]
        assert [*shares] == ["a", "b", "c"]
        assert answer["labels"] == [n for n, p in shares.items() if p > 0.5]


def test_every_word_of_a_long_text_is_tagged_once(tagger):
    text = "  A good-film,\u00a0very\tBAD books " + LONG
    (answer,) = loaded(tagger)([text])
    words = [text[tag["begin"] : tag["end"]] for tag in answer["tags"]]
    assert words[:7] == ["A", "good", "-", "film", ",", "very", "BAD"]
    assert len(words) == 8 + 300
    assert [tag["word"] for tag in answer["tags"]] == words
    assert {tag["tag"] for tag in answer["tags"]} <= {
        *finetuned.LABELS["chunk"]
    }
    assert all(0.25 <= tag["probability"] <= 1 for tag in answer["tags"])
    assert answer["spans"]
    for span in answer["spans"]:
        assert text[span["begin"] : span["end"]] == span["text"]
        assert span["type"] == "NP"


def test_a_text_that_fits_is_tagged_as_in_training(tagger, tmp_path):
    words = ["a", "good", "film", ".", "very", "bad", "books"]
    task = task_table.tasks(sentences.config(task_names=["chunk"]))[0]
    task.labels = finetuned.LABELS["chunk"]
    (features,) = task.features(
        [_sentence(words)], sentences.tokenizer(tmp_path)
    )
    predictor = loaded(tagger)
    (made,) = predictor.answers.inputs({"text": " ".join(words)})
    assert made["input_ids"] == features["input_ids"]
    assert made["segment_ids"] == features["segment_ids"]
    assert made["positions"] == features["chunk_labeled_positions"]
    (of_list,) = predictor([{"words": words}])
    (of_text,) = predictor([" ".join(words)])
    assert [t["tag"] for t in of_list["tags"]] == [
        t["tag"] for t in of_text["tags"]
    ]


def _sentence(words: list[str]):
    from electra_tf.finetuning.tasks.tagging.sentence_files import Sentence

    return Sentence(0, words, ["O"] * len(words))


def test_each_word_is_tagged_where_it_has_the_most_context(tagger):
    predictor = loaded(tagger)
    made = predictor.answers.inputs({"text": "a " * 40})
    assert len(made) > 2
    assert sorted(w for x in made for w in x["words"]) == [*range(40)]
    for number, window in enumerate(made):
        margin = 3 if number else 0
        assert min(window["positions"]) > margin
        last = len(window["input_ids"]) - 1
        assert max(window["positions"]) < last - (number < len(made) - 1) * 3


def test_words_without_pieces_have_tags_too(tagger):
    (answer,) = loaded(tagger)(
        [{"words": ["good", "\u200b", "film", "\u200b"]}]
    )
    assert len(answer["tags"]) == 4
    for nothing, name in (["\u200b"], "words"), ("\u200b", "text"):
        with pytest.raises(UserError, match=f"'{name}' has no token"):
            loaded(tagger)([nothing])


def test_answers_have_places_in_a_long_passage(answerer):
    context = ("A  good\u00a0FILM, a very\n\nbad book's.  " * 20).strip()
    questions = ["good", "bad film", "a very good book"]
    answers = loaded(answerer)(
        [{"question": q, "context": context} for q in questions]
    )
    for answer in answers:
        begin, end = answer["begin"], answer["end"]
        assert answer["answer"] == context[begin:end] != ""
        assert isinstance(answer["null_odds"], float)


def test_a_question_that_is_cut_is_told(answerer):
    context = "a good film"
    rows = [{"question": q, "context": context} for q in ("good", LONG)]
    cut = [answer["cut"] for answer in loaded(answerer)(rows)]
    assert cut == [False, True]


def test_unanswerable_questions(tmp_path):
    row = {"question": "good", "context": "a bad book"}
    folder = finetuned.write(tmp_path, "squad", qa_na_threshold=-1e9)
    (answer,) = electra_tf.load_predictor(folder)([row])
    assert (answer["answer"], answer["begin"]) == (None, None)
    folder = finetuned.write(tmp_path, "squad", qa_na_threshold=1e9)
    (answer,) = electra_tf.load_predictor(folder)([row])
    assert answer["answer"] in row["context"]


def test_a_row_that_cannot_be_answered(model, answerer):
    predictor = loaded(model)
    with pytest.raises(ValueError, match="Row 1: 'text' is empty"):
        predictor(["good", " "])
    with pytest.raises(ValueError, match="Row 0: no text for 'context'; the"):
        loaded(answerer)([{"question": "good"}])


def test_words_of_a_text():
    words = tag_answers.split("Ein Café\u0301-Tisch €5, ok\u200bay.")
    assert [word.text for word in words] == (
        ["Ein", "Café\u0301", "-", "Tisch", "€", "5", ",", "ok\u200bay", "."]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What the tokenizer drops is no word, and at no end of one.
        ("\ufeffa \u200b \u200fb\u200f, \xad", ["a", "b", ","]),
        ("می\u200cروم", ["می\u200cروم"]),
        # Accents stay with what they are on, also on symbols.
        ("\u2764\ufe0fa e\u0301", ["\u2764\ufe0f", "a", "e\u0301"]),
        ("हिन्दी में।", ["हिन्दी", "में", "।"]),
        # Thai is cut by a dictionary.
        (
            "A4ที่กรุงเทพฯ\u200bดี.",
            ["A4", "ที่", "กรุงเทพฯ", "ดี", "."],
        ),
        # Ideographs are words, other letters in their midst are not.
        ("在ABC北京の店", ["在", "ABC", "北", "京", "の", "店"]),
        ("私はタワーにいた", ["私", "は", "タワー", "に", "い", "た"]),
        ("한국어 서울", ["한국어", "서울"]),
    ],
)
def test_words_of_other_scripts(text, expected):
    words = tag_answers.split(text)
    assert [word.text for word in words] == expected
    assert all(text[w.begin : w.end] == w.text for w in words)


@pytest.mark.parametrize("released", [False, True])
def test_words_have_all_that_the_tokenizer_keeps(released):
    draw, basic = random.Random(3), BasicTokenizer(True, True, not released)
    letters = (
        "aé ,.\u200b\ufeff\u0301\u0130\xad\u2028\ud55c\U0001f600北京のタกิ๏"
    )
    for _ in range(500):
        text = "".join(draw.choices(letters, k=draw.randrange(1, 20)))
        end, words = 0, tag_answers.split(text, basic)
        for word in words:
            assert word.text == text[word.begin : word.end]
            for dropped in text[end : word.begin]:
                assert not (basic.cleaning[ord(dropped)] or "").strip()
            end = word.end
        assert not "".join(basic.cleaned(text[end:])).strip()


def test_words_without_a_dictionary(monkeypatch, caplog):
    monkeypatch.setattr(scripts, "word_breaker", lambda: None)
    for _ in range(2):
        words = tag_answers.split("ที่กรุงเทพ ดี")
        assert [word.text for word in words] == ["ที่กรุงเทพ", "ดี"]
    assert caplog.text.count("is cut at blanks only") == 1


def test_released_words_of_ideographs_stay_whole():
    released = BasicTokenizer(True, True, False)
    (word,) = tag_answers.split("北京", released)
    assert word == ("北京", 0, 2)


def test_a_passage_is_cut_once_for_all_of_its_rows(tmp_path, monkeypatch):
    task = task_table.tasks(sentences.config(task_names=["squadv1"]))[0]
    settings = finetuned_model.InputSettings.of(task.config)
    made = answers.SpanAnswers(task, settings, sentences.tokenizer(tmp_path))
    cut, encode = [], OffsetTokenizer.__call__

    def counted(self, text: str):
        cut.append(text)
        return encode(self, text)

    monkeypatch.setattr(OffsetTokenizer, "__call__", counted)
    contexts = ["a good film", "a bad book"]
    rows = [{"question": "film", "context": c} for c in contexts * 3]
    inputs = [made.inputs(row) for row in rows]
    for row, (one,) in zip(rows, inputs, strict=True):
        outputs = {
            "start_top_index": [one["window"].offset + 1],
            "start_top_log_probs": [0.0],
            "end_top_index": [[one["window"].offset + 2]],
            "end_top_log_probs": [[0.0]],
            "answerable_logit": -9.0,
        }
        answer = made.answer(row, [one], [outputs])
        assert not answer["cut"]
        assert answer["answer"] == row["context"].removeprefix("a ")
    assert cut == contexts


def test_what_python_may_give(model):
    predict_row = electra_tf.load_predictor(model)
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": ["good film", "bad film"]})
    assert predict_row(table) == predict_row(["good film", "bad film"])
    for rows in (None, 5, b"a", [None], [float("nan")], [("a", "b", "c")]):
        with pytest.raises(UserError, match="A row must be a text"):
            predict_row(rows)
    with pytest.raises(UserError, match="no text for 'text'; the row has 0"):
        predict_row(pandas.DataFrame([["good"]]))
    with pytest.raises(UserError, match="batch_size must be"):
        electra_tf.load_predictor(model, batch_size=0)
