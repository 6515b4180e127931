"""Whether accents are removed travels with records and models."""

import json

import pytest

from electra_tf.configs import FinetuningConfig
from electra_tf.conversion import formats, initial_checkpoint, load
from electra_tf.pretraining import detector
from electra_tf.text.tokenization import Tokenizer
from tests import small_run
from tests.conversion import runs

TEXT = "sie m\u00fcsste"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Records whose text is lower-cased and keeps its accents."""
    folder = tmp_path_factory.mktemp("kept")
    small_run.prepare(folder, "--nostrip_accents")
    return folder


def test_records_that_keep_accents_are_for_such_models(kept):
    message = small_run.failure(kept, "strips")
    assert "strip_accents: False in the records, True for the model" in message


def test_a_run_keeps_accents_to_its_end(kept, tmp_path):
    small_run.pretrain(kept, "m", "--nostrip_accents", num_train_steps=2)
    run = str(kept / "models" / "m")
    expected = Tokenizer(kept / "vocab.txt", True, False).tokenize(TEXT)
    assert detector.load(run)[1].tokenize(TEXT) == expected
    model = formats.read(run)
    for name in ("model_folder", "hugging_face", "keras_hub"):
        to = str(tmp_path / name)
        formats.write(to, model, name)
        again = formats.read(to)
        assert load.tokenizer(again, to).tokenize(TEXT) == expected, name
    config = FinetuningConfig(data_dir=kept, model_name="m", max_seq_length=32)
    assert not initial_checkpoint.finetuning(config)[0].strip_accents
    with pytest.raises(ValueError, match="strip_accents: False in "):
        initial_checkpoint.finetuning(config.replace(strip_accents=True))


def hugging_face(tmp_path, **tokenizer):
    """A folder with their settings of the tokenizer."""
    config, model = runs.pretrained(tmp_path)
    run = runs.save(tmp_path / "run", config, model)
    folder = tmp_path / "theirs"
    formats.write(str(folder), formats.read(run), "hugging_face")
    file = folder / "tokenizer_config.json"
    values = json.loads(file.read_text())
    assert values["strip_accents"] is True
    file.write_text(json.dumps({**values, **tokenizer}))
    return str(folder)


@pytest.mark.parametrize(
    ("lower_case", "strips", "expected"),
    [
        (True, None, True),
        (True, True, True),
        (True, False, False),
        (False, None, False),
        (False, False, False),
    ],
)
def test_hugging_faces_settings(tmp_path, lower_case, strips, expected):
    settings = {"do_lower_case": lower_case, "strip_accents": strips}
    folder = hugging_face(tmp_path, **settings)
    tokenizer = load.tokenizer(formats.read(folder), folder)
    assert tokenizer.do_lower_case == lower_case
    assert tokenizer.strip_accents == expected


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"tokenize_chinese_chars": False}, "tokenize_chinese_chars false"),
        (
            {"do_lower_case": False, "strip_accents": True},
            "strip_accents true and do_lower_case false",
        ),
        ({"strip_accents": "no"}, "strip_accents in .* must be true or false"),
    ],
)
def test_settings_that_we_have_not_are_refused(tmp_path, settings, named):
    folder = hugging_face(tmp_path, **settings)
    with pytest.raises(ValueError, match=named):
        formats.read(folder)


def test_accents_cannot_be_removed_from_cased_text():
    with pytest.raises(ValueError, match="strip_accents needs do_lower_case"):
        FinetuningConfig(
            data_dir=".",
            model_name=".",
            do_lower_case=False,
            strip_accents=True,
        )


def test_a_folder_that_does_not_say(tmp_path):
    config, model = runs.pretrained(tmp_path)
    run = runs.save(tmp_path / "run", config, model)
    folder = tmp_path / "folder"
    formats.write(str(folder), formats.read(run), "model_folder")
    file = folder / "config.json"
    values = json.loads(file.read_text())
    del values["strip_accents"]
    file.write_text(json.dumps(values))
    assert formats.read(str(folder)).config.strips_accents
