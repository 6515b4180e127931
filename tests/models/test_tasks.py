"""Models of tasks: heads that were trained, labels by name, answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import electra_tf
from electra_tf.errors import UserError
from electra_tf.models.classifier import Classifier
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.models.question_answerer import QuestionAnswerer
from electra_tf.models.tagger import Tagger

TEXTS = ["a good film", "bad"]


def test_a_classifier_learns_from_a_column_of_texts(model_folder, tmp_path):
    pandas = pytest.importorskip("pandas")
    keras.utils.set_random_seed(1)
    table = pandas.DataFrame(
        {"text": [*TEXTS] * 8, "label": ["good", "bad"] * 8}
    )
    classifier = Classifier.load(
        str(model_folder), labels=["bad", "good"], max_length=8
    )
    classifier.optimizer.learning_rate = 0.02
    losses = classifier.fit(
        table["text"],
        table["label"],
        epochs=20,
        validation_data=(TEXTS, ["good", "bad"]),
        verbose=0,
    ).history
    assert losses["loss"][-1] < 0.1 < losses["loss"][0]
    assert losses["val_accuracy"][-1] == 1.0
    electra_tf.save(str(tmp_path / "tuned"), classifier)
    predict = electra_tf.load_predictor(str(tmp_path / "tuned"))
    assert [answer["label"] for answer in predict(TEXTS)] == ["good", "bad"]
    assert predict("bad")["label"] == "bad"
    assert predict({"text": "bad"})["label"] == "bad"


def test_a_dataset_of_texts_is_one_of_ids(model_folder):
    model = Classifier.load(str(model_folder), labels=["x", "y"])
    for texts in (TEXTS, (TEXTS, TEXTS[::-1])):
        expected, targets = model.prepared(texts, ["y", "x"])
        for labels in (["y", "x"], [1, 0]):
            data = tf.data.Dataset.from_tensors((texts, labels))
            ((inputs, found),) = model.prepared(data)[0]
            np.testing.assert_array_equal(found, targets)
            for name, values in expected.items():
                np.testing.assert_array_equal(inputs[name], values)
    data = data.unbatch().batch(1)
    model.fit(data, validation_data=data, verbose=0)
    tagger = Tagger.load(str(model_folder), labels=["x", "y"])
    with pytest.raises(UserError, match="with labels only beside ids"):
        tagger.fit(data)


@pytest.mark.parametrize(
    "labels", [[[1, 0, 1], [0, 0, 0]], [["x", "z"], []], [[0, 2], []]]
)
def test_sets_of_labels_are_rows_of_0_and_1(model_folder, labels):
    model = Classifier.load(
        str(model_folder), labels=["x", "y", "z"], kind="multilabel"
    )
    _, targets = model.prepared(TEXTS, labels)
    np.testing.assert_array_equal(targets, [[1, 0, 1], [0, 0, 0]])


def test_a_regression_predicts_numbers(model_folder):
    model = Classifier.load(str(model_folder), kind="regression")
    model.compile(run_eagerly=True)
    assert model.predict(TEXTS, verbose=0).shape == (2,)
    assert "mae" in str(model.fit(TEXTS, [0.5, 2.0], verbose=0).history)
    assert set(model.answers(TEXTS)[0]) == {"score", "cut"}
    with pytest.raises(UserError, match="learns finite numbers"):
        model.fit(TEXTS, [0.5, None])
    with pytest.raises(UserError, match="has no labels"):
        Classifier.load(str(model_folder), num_labels=3, kind="regression")


@pytest.mark.parametrize(
    "arguments", [{}, {"num_labels": 3, "labels": ["a", "b"]}]
)
def test_a_new_head_needs_its_labels(model_folder, arguments):
    with pytest.raises(UserError, match="needs num_labels, or labels"):
        Classifier.load(str(model_folder), **arguments)


@pytest.mark.parametrize(
    "texts",
    [
        [("good", "film"), ("bad", "old")],
        (["good", "bad"], ["film", "old"]),
        {"text": ["good", "bad"], "text_pair": ["film", "old"]},
        [
            {"text": "good", "text_pair": "film"},
            {"text": "bad", "text_pair": "old"},
        ],
        np.array([["good", "film"], ["bad", "old"]]),
    ],
)
def test_pairs_in_every_shape(model_folder, texts):
    model = Classifier.load(str(model_folder), num_labels=2, max_length=8)
    expected = model.tokenizer(["good", "bad"], ["film", "old"], max_length=8)
    made, _ = model.prepared(texts)
    for name, values in expected.items():
        np.testing.assert_array_equal(made[name], values)


def test_a_third_list_of_texts_is_refused(model_folder):
    model = Classifier.load(str(model_folder), labels=["x", "y"])
    with pytest.raises(UserError, match="must be of text and text_pair"):
        model.answers((["a"], ["b"], ["c"]))


PAIRS = [("good", "film"), ("bad", "old")]


@pytest.mark.parametrize(
    ("texts", "refused"),
    [
        (TEXTS, PAIRS),
        (PAIRS, TEXTS),
        (tf.data.Dataset.from_tensors((TEXTS, [0, 1])), PAIRS),
        (tf.data.Dataset.from_tensors(((TEXTS, TEXTS), [0, 1])), TEXTS),
    ],
)
def test_what_fit_has_seen_is_asked(model_folder, tmp_path, texts, refused):
    model = Classifier.load(str(model_folder), labels=["x", "y"], max_length=8)
    model.answers(TEXTS), model.answers(PAIRS)  # Nothing is known yet.
    labels = None if isinstance(texts, tf.data.Dataset) else [0, 1]
    model.fit(texts, labels, verbose=0)
    model.save(tmp_path / "model.keras")
    for one in (model, keras.models.load_model(tmp_path / "model.keras")):
        assert one.task.has_pairs is (refused is TEXTS)
        for ask in (one.answers, one.predict):
            with pytest.raises(UserError, match=r"Row 0: .* has learnt texts"):
                ask(refused)
    model.fit(refused, [0, 1], verbose=0)  # Now it has learnt both.
    model.answers(TEXTS), model.answers(PAIRS)


def test_of_ids_nothing_is_known(model_folder):
    model = Classifier.load(str(model_folder), labels=["x", "y"], max_length=8)
    ids, labels = model.prepared(PAIRS, [0, 1])
    model.train_on_batch(TEXTS, labels)
    assert model.task.has_pairs is False
    model.fit(ids, labels, verbose=0)
    assert model.task.has_pairs is None


def test_choices_know_whether_they_had_questions(model_folder):
    model = MultipleChoice.load(str(model_folder))
    row = {"text": "what?", "choices": ["good", "bad"]}
    model.fit([row], ["A"], verbose=0)
    with pytest.raises(UserError, match="learnt texts without 'text_pair'"):
        model.answers([{**row, "text_pair": "a _ film"}])


def test_texts_are_padded_to_what_the_longest_takes(model_folder, caplog):
    model = Classifier.load(str(model_folder), num_labels=2, max_length=20)
    lengths = {"a": 8, "a good old film .": 8, "a good old new film .": 8}
    lengths |= {"a " * 7: 16, "a " * 17: 20, "a " * 50: 20}
    for text, length in lengths.items():
        made, _ = model.prepared(["a", text])
        assert made["input_ids"].shape == (2, length), text
    assert "1 of 2 texts had more than max_length 20" in caplog.text
    one = model.predict(["a good film"], verbose=0)
    two = model.predict(["a good film", "a " * 17], verbose=0)
    np.testing.assert_allclose(one[0], two[0], atol=1e-5)


@pytest.mark.parametrize(
    "texts, labels, message",
    [
        (["a", ""], None, "Row 1: 'text' is empty"),
        ([("a", "b", "c")], None, "A row must be a text, a tuple"),
        ({"text": ["a"], "text_pair": []}, None, "equally many rows"),
        (["a"], ["maybe"], "Labels must be of no, yes. Received: 'maybe'"),
        (["a", "b"], [1, 2], "whole numbers from 0 to 1"),
        (["a", "b"], [0.0, 1.0], "whole numbers from 0 to 1"),
        (["a", "b"], [[0, 1], [1, 0]], "an array of 1 axis"),
        (["a", "b"], [None, 1], "whole numbers from 0 to 1"),
    ],
)
def test_bad_rows_are_named(model_folder, texts, labels, message):
    model = Classifier.load(str(model_folder), labels=["no", "yes"])
    with pytest.raises(UserError, match=message):
        model.fit(texts, labels)


def test_tags_stand_at_the_first_piece_of_a_word(model_folder):
    tagger = Tagger.load(str(model_folder), labels=["O", "B"], max_length=8)
    inputs, targets = tagger.prepared([["films", "good"]], [["B", "O"]])
    tokens = [tagger.tokenizer.tokens[i] for i in inputs["input_ids"][0]]
    assert tokens[:5] == ["[CLS]", "film", "##s", "good", "[SEP]"]
    assert targets.tolist() == [[-100, 1, -100, 0, *[-100] * 4]]
    with pytest.raises(UserError, match="Text 0 has 2 words"):
        tagger.prepared([["films", "good"]], [["B"]])
    with pytest.raises(UserError, match="a list of tags for each text"):
        tagger.prepared([["films", "good"]], [])


def test_where_there_is_nothing_to_learn_no_label_counts(model_folder):
    tagger = Tagger.load(str(model_folder), labels=["O", "B"], max_length=8)
    tagger.compile(run_eagerly=True)
    ids = tagger.tokenizer(TEXTS, max_length=8)
    logits = tagger(ids).numpy()
    right = logits.argmax(-1)
    labels = np.where(ids["input_mask"], right, -100)
    labels[0, 1] = 1 - labels[0, 1]
    found = tagger.evaluate(ids, labels, verbose=0, return_dict=True)
    used = labels >= 0
    assert found["accuracy"] == pytest.approx(1 - 1 / used.sum())
    log_shares = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    losses = -np.take_along_axis(log_shares, labels.clip(0)[..., None], -1)
    assert found["loss"] == pytest.approx(losses[..., 0][used].mean(), rel=1e-4)


def test_tags_of_a_text_and_of_words(model_folder):
    tagger = Tagger.load(str(model_folder), labels=["O", "B-X"])
    for given in (["a good film"], [["a", "good", "film"]]):
        (answer,) = tagger.answers(given)
        assert [tag["word"] for tag in answer["tags"]] == ["a", "good", "film"]


ANSWERS = [("film", 7), {"text": ["bad"], "answer_start": [0]}, None]
ASKED = [("what?", "a good film"), ("good?", "bad"), ("old?", "new")]


def test_answers_are_places_in_windows(model_folder):
    model = QuestionAnswerer.load(
        str(model_folder), max_length=16, null_answers=True
    )
    inputs, labels = model.prepared(ASKED, ANSWERS)
    assert len(inputs["input_ids"]) == 3
    starts = labels["start_positions"]
    ids = inputs["input_ids"][np.arange(3), starts]
    found = [model.tokenizer.tokens[number] for number in ids]
    assert found == ["film", "bad", "[CLS]"]
    assert labels["is_impossible"].tolist() == [0, 0, 1]
    with pytest.raises(UserError, match="The answer to row 0 must be its text"):
        model.prepared(ASKED[:1], [("film", 6)])
    with pytest.raises(UserError, match="inputs of 16 tokens"):
        model.predict([("what?", "a good film . " * 9)])


CHOSEN = [("good?", ["film", "a bad film"]), ("old?", ["a", "bad", "new"])]


@pytest.mark.parametrize(
    "texts",
    [
        CHOSEN,
        tuple(map(list, zip(*CHOSEN, strict=True))),
        [{"text": text, "choices": choices} for text, choices in CHOSEN],
        {
            "text": [text for text, _ in CHOSEN],
            "choices": [choices for _, choices in CHOSEN],
        },
    ],
)
def test_choices_of_questions(model_folder, texts):
    model = MultipleChoice.load(str(model_folder), max_length=16)
    inputs, labels = model.prepared(texts, ["b", 2])
    assert labels.tolist() == [1, 2]
    assert inputs["input_ids"].shape == (2, 3, 8)
    for number, (text, choices) in enumerate(CHOSEN):
        expected = model.tokenizer([text] * len(choices), choices, max_length=8)
        for name, values in expected.items():
            found = inputs[name][number, : len(choices)]
            np.testing.assert_array_equal(found, values)
    logits = model.predict(texts, verbose=0)
    assert logits[0, 2] < -1e8  # The first question has no third choice.
    answers = model.answers(texts)
    shares = np.exp(logits[1]) / np.exp(logits[1]).sum()
    np.testing.assert_allclose(answers[1]["probabilities"], shares, atol=1e-5)
    assert answers[0]["text"] == CHOSEN[0][1][logits[0].argmax()]


def test_one_question_with_a_gap(model_folder):
    model = MultipleChoice.load(str(model_folder), max_length=16)
    row = {"text": "what?", "text_pair": "a _ film", "choices": ["good", "bad"]}
    expected = model.answers([("what?", ["a good film", "a bad film"])])
    (answer,) = model.answers(row)
    assert answer["probabilities"] == expected[0]["probabilities"]
    assert model.predict(CHOSEN[0], verbose=0).shape == (1, 2)


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (CHOSEN, [0, 3], "of choices that are there"),
        (CHOSEN, [2, 0], "of choices that are there"),
        (CHOSEN, ["x", 0], "of choices that are there"),
        (CHOSEN, [0.0, 1], "of choices that are there"),
        (CHOSEN, [0], "2 questions and 1 labels"),
        ([("a", ["b"])], [0], "Row 0: choices must be a list of at least 2"),
        ([("a", "b")], [0], "Row 0: choices must be a list of at least 2"),
        (["a", "b"], [0, 0], "must be a text and its choices"),
    ],
)
def test_bad_choices_are_named(model_folder, texts, labels, message):
    model = MultipleChoice.load(str(model_folder))
    with pytest.raises(UserError, match=message):
        model.fit(texts, labels)


def test_choices_are_learnt(model_folder):
    keras.utils.set_random_seed(1)
    model = MultipleChoice.load(str(model_folder), max_length=8)
    model.optimizer.learning_rate = 0.02
    texts = [("a", ["good", "bad"]), ("film", ["bad", "old", "good"])] * 8
    labels = ["A", "C"] * 8
    before = model.evaluate(texts, labels, verbose=0, return_dict=True)
    model.fit(texts, labels, batch_size=4, epochs=20, verbose=0)
    after = model.evaluate(texts, labels, verbose=0, return_dict=True)
    assert after["accuracy"] == 1
    assert after["loss"] < 0.5 * before["loss"]
    with pytest.raises(UserError, match=r"must be \(batch, choices, length\)"):
        model(np.ones((2, 8), np.int32))
    with pytest.raises(UserError, match="has no labels"):
        MultipleChoice.load(str(model_folder), num_labels=2)


def test_questions_without_an_answer_are_asked_for(model_folder, tmp_path):
    load, asked = QuestionAnswerer.load, [("what is good?", "a good film")]
    model = load(str(model_folder), max_length=16)
    for answer in (None, {"text": [], "answer_start": []}):
        with pytest.raises(UserError, match=r"Row 0 .*with null_answers=True"):
            model.fit(asked, [answer])
    electra_tf.save(tmp_path / "before", model)
    model = load(str(tmp_path / "before"), null_answers=True)
    model.fit(asked, [None], epochs=60, verbose=0)
    electra_tf.save(tmp_path / "after", model)
    for knows in (model, load(str(tmp_path / "after"))):
        assert knows.answers(asked)[0]["answer"] is None


def test_question_answering_trains_by_the_head_s_own_loss(model_folder):
    model = QuestionAnswerer.load(
        str(model_folder), max_length=16, null_answers=True
    )
    model.compile("sgd", run_eagerly=True)
    inputs, labels = model.prepared(ASKED, ANSWERS)
    expected = model({**inputs, **labels})["loss"].numpy().mean()
    assert model.evaluate(ASKED, ANSWERS, verbose=0) == pytest.approx(expected)
    assert model.evaluate(inputs, labels, verbose=0) == pytest.approx(expected)
    assert model.fit(ASKED, ANSWERS, verbose=0).history["loss"][0] > 0
    with pytest.raises(UserError, match="Training needs labels"):
        model.fit(inputs, verbose=0)
    answers = model.answers(ASKED)
    assert all(
        answer["answer"] in (None, context[answer["begin"] : answer["end"]])
        for (_, context), answer in zip(ASKED, answers, strict=True)
    )
