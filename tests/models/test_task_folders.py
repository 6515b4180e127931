"""Models of tasks from folders: heads that were trained, what they say."""

import numpy as np
import pytest

import electra_tf
from electra_tf.conversion import formats
from electra_tf.errors import UserError
from electra_tf.models.classifier import Classifier
from electra_tf.models.tagger import Tagger
from tests.finetuning import finetuned

TEXTS = ["a good film", "bad"]


def test_a_fine_tuned_folder_comes_with_its_head_and_labels(tmp_path, capsys):
    folder = finetuned.write(tmp_path, "sst")
    classifier = Classifier.load(folder)
    assert "new" not in capsys.readouterr().err
    texts = ["good film", "bad film"]
    expected = electra_tf.load_predictor(folder)(texts)
    assert classifier.answers(texts) == expected
    logits = classifier.predict(texts, verbose=0)
    labels = [classifier.labels[i] for i in logits.argmax(-1)]
    assert labels == [answer["label"] for answer in expected]
    assert Classifier.load(folder, num_labels=2).labels == classifier.labels
    for wrong in ({"num_labels": 3}, {"labels": ["x", "y"]}):
        with pytest.raises(UserError, match="trained head of tuned has 2"):
            Classifier.load(folder, **wrong)
    other = Classifier.load(folder, num_labels=3, new_head=True)
    assert other.labels == ("0", "1", "2")
    assert "the head is new" in capsys.readouterr().err
    with pytest.raises(UserError, match="choose one by task"):
        Classifier.load(folder, task="mnli")
    # The head is no tagger's.
    assert Tagger.load(folder, num_labels=2).task.head.kind == "tagging"


def test_a_folder_of_an_older_version(tmp_path):
    folder = finetuned.write(tmp_path, "sst")
    finetuned.said_of_settings(folder, do_lower_case=True, strip_accents=None)
    finetuned.said_of_tasks(folder, span_rule=None, segment=None)
    expected = electra_tf.load_predictor(folder)(TEXTS)
    assert Classifier.load(folder).answers(TEXTS) == expected


@pytest.mark.parametrize("read", [Classifier.load, electra_tf.load_predictor])
def test_both_readers_refuse_the_same(tmp_path, read):
    folder = finetuned.write(tmp_path, "sst")
    finetuned.said_of_settings(folder, do_lower_case=False)
    with pytest.raises(UserError, match="do_lower_case is False in the tasks"):
        read(folder)
    finetuned.said_of_settings(folder, do_lower_case=True, doc_strid=3)
    with pytest.raises(
        UserError, match=r"'doc_strid' .* Did you mean 'doc_str"
    ):
        read(folder)
    (tmp_path / "other").mkdir()
    folder = finetuned.write(tmp_path / "other", "sst")
    finetuned.said_of_tasks(folder, label=["x"])
    with pytest.raises(UserError, match=r"'label' .* Did you mean 'labels'"):
        read(folder)


def test_a_folder_of_transformers_comes_with_its_head(tmp_path):
    folder = finetuned.write(tmp_path, "sst")
    theirs, labels = str(tmp_path / "theirs"), ("neg", "pos")
    model = formats.read(folder)
    formats.write(theirs, model, "hugging_face", task="sst", labels=labels)
    classifier = Classifier.load(theirs)
    assert classifier.labels == labels
    inputs = classifier.tokenizer(["good film"], max_length=8)
    np.testing.assert_allclose(
        classifier(inputs), Classifier.load(folder)(inputs), atol=1e-5
    )
