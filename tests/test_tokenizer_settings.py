"""What decides the ids of a text travels with records and models."""

import dataclasses
import json
import pathlib
import shutil

import pytest
import tokenizers

from data_prep import build_pretraining_dataset
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    TokenizerConfig,
    hparams,
)
from electra_tf.configs.tokenizer import IN_OLDER_FILES
from electra_tf.conversion import formats, initial_checkpoint, load
from electra_tf.finetuning import finetuned_model
from electra_tf.io import manifest
from electra_tf.pretraining import detector, scoring
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training import run_folder
from tests import small_run
from tests.conversion import runs
from tests.finetuning import finetuned

# None of them the default.
SETTINGS = {
    "do_lower_case": True,
    "strip_accents": False,
    "tokenize_chinese_chars": False,
    "max_input_chars_per_word": 5,
}
FLAGS = (
    "--nostrip_accents",
    "--notokenize_chinese_chars",
    "--max_input_chars_per_word=5",
)
# For each setting, one that differs in nothing else.
OTHERS = {
    "do_lower_case": {"do_lower_case": False},
    "strip_accents": {"strip_accents": True},
    "tokenize_chinese_chars": {"tokenize_chinese_chars": True},
    "max_input_chars_per_word": {"max_input_chars_per_word": 200},
}
TEXT = "The \u00e9at, \u4e2d\u6587 horses"


def test_no_setting_is_forgotten_here():
    names = [field.name for field in dataclasses.fields(TokenizerConfig)]
    assert [*SETTINGS] == names == [*OTHERS]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Records that other settings than the default ones made."""
    folder = tmp_path_factory.mktemp("kept")
    small_run.prepare(folder, *FLAGS)
    return folder


@pytest.fixture(scope="module")
def run(kept):
    """A run on them."""
    small_run.pretrain(kept, "m", *FLAGS, num_train_steps=2)
    return kept / "models" / "m"


@pytest.fixture(scope="module")
def expected(kept):
    """The tokens of the text by the settings, and by no others."""
    tokens = Tokenizer(kept / "vocab.txt", **SETTINGS).tokenize(TEXT)
    for other in OTHERS.values():
        others = Tokenizer(kept / "vocab.txt", **{**SETTINGS, **other})
        assert others.tokenize(TEXT) != tokens
    return tokens


def said(name: str) -> str:
    return f"{name}: {SETTINGS[name]} in the records, "


@pytest.mark.parametrize("name", SETTINGS)
def test_records_are_for_models_of_the_same_settings(kept, name):
    message = small_run.failure(kept, "no", **{**SETTINGS, **OTHERS[name]})
    assert said(name) + f"{OTHERS[name][name]} for the model" in message
    assert f"set --{name} to that of the records" in message
    assert not any(said(n) in message for n in {*SETTINGS} - {name})


@pytest.mark.parametrize("name", SETTINGS)
def test_a_build_is_not_done_again_with_others(kept, name):
    config = PretrainingDatasetConfig(
        corpus_dir=kept / "corpus",
        vocab_file=kept / "vocab.txt",
        output_dir=kept / "pretrain_tfrecords",
        max_seq_length=32,
        held_out_share=0.2,
        **{**SETTINGS, **OTHERS[name]},
    )
    there = f"{name}: {SETTINGS[name]} there, {OTHERS[name][name]} now"
    with pytest.raises(ValueError, match=there):
        build_pretraining_dataset.main(config)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_goes_on_with_its_own(run, name):
    values = json.loads((run / "config.json").read_text())
    config = hparams.from_json(PretrainingConfig, values)
    there = f"{name}: {SETTINGS[name]} in the saved config"
    with pytest.raises(ValueError, match=there):
        run_folder.save_config(str(run), config.replace(**OTHERS[name]))


@pytest.mark.parametrize("kind", [FinetuningConfig, PretrainingConfig])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_start_has_the_settings_of_its_model(kept, run, kind, name):
    def start(**settings):
        config = kind(
            data_dir=kept,
            model_name="next",
            init_checkpoint=str(run),
            max_seq_length=32,
            **settings,
        )
        if kind is FinetuningConfig:
            return initial_checkpoint.finetuning(config)[0]
        return initial_checkpoint.pretraining(config)[0]

    assert start().tokenizer_settings == SETTINGS
    with pytest.raises(ValueError, match=f"{name}: {SETTINGS[name]} in "):
        start(**OTHERS[name])


def test_every_format_and_program_has_them(kept, run, expected, tmp_path):
    assert detector.load(str(run))[1].tokenize(TEXT) == expected
    model = formats.read(str(run))
    for name in ("model_folder", "hugging_face", "keras_hub", "tf1_checkpoint"):
        to = str(tmp_path / name)
        written = formats.write(to, model, name)
        again = TokenizerConfig.of(formats.read(to).config).tokenizer_settings
        if name == "keras_hub":  # Theirs has a fixed limit.
            assert "max_input_chars_per_word 5" in written.left_out
            again["max_input_chars_per_word"] = 5
        assert again == SETTINGS, name
    loaded = formats.read(str(tmp_path / "model_folder"))
    assert load.tokenizer(loaded, "").tokenize(TEXT) == expected
    scored = scoring.load(str(tmp_path / "model_folder"))[1]
    assert scored.tokenize(TEXT) == expected
    theirs = tokenizers.Tokenizer.from_file(
        str(tmp_path / "hugging_face" / "tokenizer.json")
    )
    assert theirs.encode(TEXT).tokens == ["[CLS]", *expected, "[SEP]"]
    assert theirs.encode("a", "b").type_ids == [0, 0, 0, 1, 1]


def hugging_face(tmp_path, *, fast=(), **config):
    """A folder with their settings of the tokenizer.

    Args:
        tmp_path: where to.
        fast: of tokenizer.json: pairs of a part of it, and changes to it;
            None for no such file.
        **config: of tokenizer_config.json; None for what it does not name.
    """
    made = runs.pretrained(tmp_path)
    run = runs.save(tmp_path / "run", *made)
    folder = tmp_path / "theirs"
    formats.write(str(folder), formats.read(run), "hugging_face")
    path = folder / "tokenizer_config.json"
    values = {**json.loads(path.read_text()), **config}
    path.write_text(
        json.dumps({n: v for n, v in values.items() if v != "nothing"})
    )
    path = folder / "tokenizer.json"
    values = json.loads(path.read_text())
    for part, changes in fast or ():
        values[part] = changes and {**values[part], **changes}
    path.write_text(json.dumps(values))
    if fast is None:
        path.unlink()
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


def test_what_only_their_fast_tokenizer_says(tmp_path):
    folder = hugging_face(
        tmp_path,
        tokenize_chinese_chars="nothing",
        strip_accents="nothing",
        fast=[
            ("normalizer", {"handle_chinese_chars": False}),
            ("normalizer", {"strip_accents": False}),
            ("model", {"max_input_chars_per_word": 100}),
        ],
    )
    model = formats.read(folder)
    assert TokenizerConfig.of(model.config).tokenizer_settings == {
        "do_lower_case": True,
        "strip_accents": False,
        "tokenize_chinese_chars": False,
        "max_input_chars_per_word": 100,
    }
    assert not model.left_out


def test_their_two_files_differ(tmp_path):
    """Then transformers goes by the first."""
    folder = hugging_face(
        tmp_path, fast=[("normalizer", {"strip_accents": False})]
    )
    model = formats.read(folder)
    assert model.config.strip_accents is True
    (what,) = model.left_out
    assert what == "strip_accents False of tokenizer.json"


def test_their_two_files_have_one_vocabulary(tmp_path):
    vocab = {"[PAD]": 0, "w0": 6}
    folder = hugging_face(tmp_path, fast=[("model", {"vocab": vocab})])
    with pytest.raises(ValueError, match="'w0' has the id 5 in its"):
        formats.read(folder)
    pathlib.Path(folder, "tokenizer.json").unlink()
    assert formats.read(folder).vocab


def test_two_networks_read_alike(tmp_path):
    generator = pathlib.Path(hugging_face(tmp_path), "tokenizer_config.json")
    discriminator = tmp_path / "d"
    model = formats.read(str(tmp_path / "run"))
    formats.write(str(discriminator), model, "hugging_face")
    folders = str(discriminator), str(generator.parent)
    shutil.rmtree(generator.parent)
    formats.write(folders[1], model, "hugging_face", part="generator")
    assert formats.read(folders[0], generator=folders[1])
    values = json.loads(generator.read_text())
    generator.write_text(json.dumps({**values, "strip_accents": False}))
    message = "strip_accents: True of the discriminator, False of the generator"
    with pytest.raises(ValueError, match=message):
        formats.read(folders[0], generator=folders[1])


def test_records_to_evaluate_on_are_compared_too(kept, run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(kept / "pretrain_tfrecords", other)
    path = other / "manifest.json"
    built = dataclasses.replace(manifest.read(str(other)), strip_accents=True)
    path.write_text(manifest.to_json(built))
    message = small_run.failure(
        kept, "other", **SETTINGS, eval_tfrecords=f"{other}/held_out*"
    )
    assert f"The records in {other} were not built for this model" in message


def test_a_run_has_the_vocabulary_of_its_records(kept, run, tmp_path):
    moved = tmp_path / "run"
    shutil.copytree(run, moved)
    words = (kept / "vocab.txt").read_text().split()
    other = tmp_path / "vocab.txt"
    other.write_text("\n".join([*words[:-2], *words[:-3:-1]]))
    path = moved / "config.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "vocab_file": str(other)}))
    with pytest.raises(ValueError, match="started with another vocabulary"):
        formats.read(str(moved))
    path.write_text(json.dumps({**values, "vocab_file": "gone"}))
    model = formats.read(str(moved))
    own = Tokenizer(kept / "vocab.txt")
    initial_checkpoint.check_vocabulary(model, own, str(moved))
    with pytest.raises(ValueError, match="started with another vocabulary"):
        initial_checkpoint.check_vocabulary(model, Tokenizer(other), str(moved))


def test_their_defaults(tmp_path):
    folder = hugging_face(
        tmp_path, fast=None, **dict.fromkeys(SETTINGS, "nothing")
    )
    assert TokenizerConfig.of(formats.read(folder).config) == TokenizerConfig()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (
            {"do_lower_case": False, "strip_accents": True},
            "strip_accents true and do_lower_case false",
        ),
        ({"strip_accents": "no"}, "strip_accents in .* must be true or false"),
        (
            {"fast": [("model", {"max_input_chars_per_word": "100"})]},
            r"max_input_chars_per_word in .*tokenizer\.json must be a whole",
        ),
        ({"fast": [("normalizer", {"type": "NFC"})]}, "Received: 'NFC'"),
        ({"fast": [("normalizer", None)]}, "Received: None"),
        (
            {"tokenizer_class": "BertJapaneseTokenizer"},
            "Received: 'BertJapaneseTokenizer'",
        ),
        ({"cls_token": "<s>"}, r"Rename the token '<s>' to '\[CLS\]' in a"),
        ({"sep_token": {"content": "</s>"}}, "Received: '</s>'"),
        ({"do_basic_tokenize": False}, "do_basic_tokenize in .* must be True"),
        ({"never_split": ["Eva"]}, "never_split in .* must be None"),
        (
            {"fast": [("normalizer", {"clean_text": False})]},
            "normalizer.clean_text in .* must be True",
        ),
        (
            {"fast": [("pre_tokenizer", {"type": "Whitespace"})]},
            "pre_tokenizer in .* must have the type BertPreTokenizer",
        ),
        ({"fast": [("model", {"type": "BPE"})]}, "model in .* must have the"),
    ],
)
def test_settings_that_we_have_not_are_refused(tmp_path, settings, named):
    folder = hugging_face(tmp_path, **settings)
    with pytest.raises(ValueError, match=named):
        formats.read(folder)


def test_accents_cannot_be_removed_from_cased_text():
    for kind in (FinetuningConfig, PretrainingDatasetConfig):
        needed = {"corpus_dir": ".", "vocab_file": "v", "output_dir": "o"}
        if kind is FinetuningConfig:
            needed = {"data_dir": ".", "model_name": "m"}
        with pytest.raises(ValueError, match="strip_accents needs do_lower"):
            kind(**needed, do_lower_case=False, strip_accents=True)


def without(path, *names) -> dict:
    """Take names out of a JSON file; return those that were there."""
    values = json.loads(path.read_text())
    found = {name: values.pop(name) for name in names}
    path.write_text(json.dumps(values))
    return found


def test_files_that_do_not_say(tmp_path):
    config, model = runs.pretrained(tmp_path)
    run = runs.save(tmp_path / "run", config, model)
    folder = tmp_path / "folder"
    formats.write(str(folder), formats.read(run), "model_folder")
    for path in (tmp_path / "run", folder):
        without(path / "config.json", *IN_OLDER_FILES)
        found = formats.read(str(path)).config
        assert TokenizerConfig.of(found) == TokenizerConfig()
    begun = PretrainingConfig(
        **runs.settings(tmp_path),
        init_checkpoint=str(folder),
        model_dir=str(tmp_path / "run"),
        tokenize_chinese_chars=False,
    )
    with pytest.raises(ValueError, match="tokenize_chinese_chars: True in "):
        initial_checkpoint.pretraining(begun)


def test_a_fine_tuned_folder_that_says_them_twice(tmp_path):
    folder = finetuned.write(tmp_path, "sst")
    path = tmp_path / "tuned" / "tasks.json"
    values = json.loads(path.read_text())
    for value in (True, False):
        values["settings"]["do_lower_case"] = value
        path.write_text(json.dumps(values))
        if value:
            assert finetuned_model.read(folder).tokenizer.do_lower_case
            continue
        with pytest.raises(ValueError, match="do_lower_case is False in the t"):
            finetuned_model.read(folder)
