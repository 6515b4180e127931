"""Weights and vocabularies as they lie in Hugging Face's folders."""

import json
import pathlib
import shutil

import numpy as np
import pytest
import safetensors.numpy

from electra_tf.conversion import formats, hugging_face
from electra_tf.conversion.hugging_face_parts import files as hugging_face_files
from electra_tf.conversion.hugging_face_parts import tokenizer
from electra_tf.errors import UserError
from tests.conversion import runs, torch_files

SAFETENSORS, PICKLED = "model.safetensors", "pytorch_model.bin"
TABLE = "electra.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("their")
    model = formats.read(runs.save(root / "run", *runs.pretrained(root)))
    hugging_face.write(str(root / "discriminator"), model)
    hugging_face.write(str(root / "generator"), model, part="generator")
    return root


@pytest.fixture
def folder(original, tmp_path) -> pathlib.Path:
    shutil.copytree(original / "discriminator", tmp_path / "hf")
    return tmp_path / "hf"


def arrays_of(folder: pathlib.Path) -> dict[str, np.ndarray]:
    return safetensors.numpy.load_file(folder / SAFETENSORS)


def shard(folder: pathlib.Path, pickled: bool) -> pathlib.Path:
    """Cut a folder's weights into three files; return the index."""
    arrays, places = arrays_of(folder), {}
    single = PICKLED if pickled else SAFETENSORS
    for number in range(3):
        names = sorted(arrays)[number::3]
        stem, _, end = single.rpartition(".")
        file = f"{stem}-0000{number + 1}-of-00003.{end}"
        some = {name: arrays[name] for name in names}
        if pickled:
            torch_files.save(folder / file, some)
        else:
            safetensors.numpy.save_file(some, folder / file)
        places |= dict.fromkeys(names, file)
    (folder / SAFETENSORS).unlink()
    index = folder / f"{single}.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index


@pytest.mark.parametrize("pickled", [False, True])
def test_weights_in_several_files(folder, pickled):
    expected = hugging_face.read(str(folder)).variables
    shard(folder, pickled)
    runs.assert_same(expected, hugging_face.read(str(folder)).variables)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("../hf/x", "must be the name of a file beside it"),
        (5, "Received: .*5"),
        ("gone.safetensors", "No .*gone.safetensors, which .*index.json names"),
        ("model-00002-of-00003.safetensors", "It lacks: .*dense.bias"),
    ],
)
def test_an_index_that_is_wrong(folder, place, message):
    index = shard(folder, pickled=False)
    values = json.loads(index.read_text())
    values["weight_map"][min(values["weight_map"])] = place
    index.write_text(json.dumps(values))
    with pytest.raises((UserError, FileNotFoundError), match=message):
        hugging_face.read(str(folder))


@pytest.mark.parametrize("part", ["discriminator", "generator"])
def test_rows_beyond_the_vocabulary_are_cut_and_told(original, tmp_path, part):
    expected = hugging_face.read(str(original / part))
    for config_too in (True, False):
        path = tmp_path / str(config_too)
        shutil.copytree(original / part, path)
        arrays = arrays_of(path)
        for name in (TABLE, "generator_lm_head.bias"):
            if name in arrays:
                padding = [(0, 24)] + [(0, 0)] * (arrays[name].ndim - 1)
                arrays[name] = np.pad(arrays[name], padding)
        safetensors.numpy.save_file(arrays, path / SAFETENSORS)
        if config_too:
            file = path / "config.json"
            values = json.loads(file.read_text())
            file.write_text(json.dumps({**values, "vocab_size": 64}))
        read = hugging_face.read(str(path))
        runs.assert_same(expected.variables, read.variables)
        assert read.config == expected.config
        assert read.left_out[f"rows 40 to 63 of {TABLE}"]


def test_another_model_s_vocabulary_is_not_taken_for_padding(folder):
    arrays = arrays_of(folder)
    arrays[TABLE] = np.pad(arrays[TABLE], [(0, 500), (0, 0)])
    safetensors.numpy.save_file(arrays, folder / SAFETENSORS)
    with pytest.raises(UserError, match=r"has shape \(540, 8\)"):
        hugging_face.read(str(folder))


def test_an_empty_last_line_is_no_word_piece(folder):
    expected = hugging_face.read(str(folder))
    vocab = folder / "vocab.txt"
    vocab.write_bytes(vocab.read_bytes() + b"\n")
    read = hugging_face.read(str(folder))
    assert read.config == expected.config
    runs.assert_same(expected.variables, read.variables)


@pytest.mark.parametrize("named_in", ["added_tokens", "tokenizer", "config"])
def test_tokens_that_were_added_keep_their_rows(folder, named_in):
    arrays = arrays_of(folder)
    arrays[TABLE] = np.pad(arrays[TABLE], [(0, 24), (0, 0)], mode="edge")
    safetensors.numpy.save_file(arrays, folder / SAFETENSORS)
    added = {"<e1>": 40, "<e2>": 41, "[CLS]": 2}
    entries = [{"id": n, "content": token} for token, n in added.items()]
    file, content = {
        "added_tokens": ("added_tokens.json", added),
        "tokenizer": ("tokenizer.json", {"added_tokens": entries}),
        "config": (
            "tokenizer_config.json",
            {"added_tokens_decoder": {str(e["id"]): e for e in entries}},
        ),
    }[named_in]
    if named_in == "tokenizer":
        content = {**json.loads((folder / file).read_text()), **content}
    (folder / file).write_text(json.dumps(content))
    read = hugging_face.read(str(folder))
    assert read.vocab.endswith(b"\n<e1>\n<e2>\n")
    assert read.config.encoder.vocab_size == 42
    np.testing.assert_array_equal(
        read.variables["electra/embeddings/word_embeddings"], arrays[TABLE][:42]
    )
    assert "cut within" in read.left_out["the tokens ['<e1>', '<e2>']"]


@pytest.mark.parametrize(
    ("end", "first", "expected"),
    [
        ("", 40, ["e1"]),
        ("\n\n", 40, ["e1"]),
        ("\n\n", 41, ["", "e1"]),
    ],
)
def test_added_tokens_have_their_ids_whatever_ends_the_vocabulary(
    folder, end, first, expected
):
    vocab = folder / "vocab.txt"
    tokens = vocab.read_text().splitlines()
    vocab.write_text("\n".join(tokens) + end)
    added = json.dumps({"e1": first})
    (folder / "added_tokens.json").write_text(added)
    found = hugging_face_files.word_pieces(str(folder), None).decode()
    assert found.splitlines() == [*tokens, *expected]


def around(*parts: str) -> dict:
    """A template that puts tokens around two texts."""
    pieces = []
    for part in parts:
        token, segment = part.split(":")
        kind = "Sequence" if token in "AB" else "SpecialToken"
        pieces.append({kind: {"id": token, "type_id": int(segment)}})
    return {"type": "TemplateProcessing", "pair": pieces}


def test_special_tokens_stand_where_the_model_saw_them(tmp_path):
    berts = ["[CLS]:0", "A:0", "[SEP]:0", "B:1", "[SEP]:1"]
    file = tmp_path / "tokenizer.json"
    rest = {part: {"type": kind} for part, kind in tokenizer.PARTS.items()}
    for processor in (
        around(*berts),
        {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    ):
        file.write_text(json.dumps({**rest, "post_processor": processor}))
        assert tokenizer.read_settings(str(tmp_path))[1] == {}
    wrong = [
        None,
        around("A:0", "B:0"),
        around(*berts[:-1]),
        around(*berts[:3], "B:0", "[SEP]:0"),
        {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    ]
    for processor in wrong:
        file.write_text(json.dumps({**rest, "post_processor": processor}))
        with pytest.raises(UserError, match=r"post_processor in .* must be"):
            tokenizer.read_settings(str(tmp_path))
    file.write_text(json.dumps(rest))
    with pytest.raises(UserError, match=r"post_processor in .*: 'None'"):
        tokenizer.read_settings(str(tmp_path))


def test_what_would_change_the_numbers_is_refused(original, folder):
    positions = np.arange(2, 10)[None]
    arrays = {"electra.embeddings.position_ids": positions - 2}
    path = str(folder)
    arrays |= arrays_of(folder)
    safetensors.numpy.save_file(arrays, folder / SAFETENSORS)
    assert "electra.embeddings.position_ids" in formats.read(path).left_out
    arrays["electra.embeddings.position_ids"] = positions
    safetensors.numpy.save_file(arrays, folder / SAFETENSORS)
    with pytest.raises(UserError, match=r"position_ids of .* must be 0, 1, 2"):
        formats.read(path)
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match="Merge them first"):
        formats.read(path)
    generator = folder.parent / "generator"
    shutil.copytree(original / "generator", generator)
    values = json.loads((generator / "config.json").read_text())
    values["tie_word_embeddings"] = False
    (generator / "config.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match="must have generator_lm_head"):
        formats.read(str(generator))


def test_what_is_not_taken_over_is_told(folder, caplog):
    formats.read(str(folder))
    assert not caplog.text
    formats.read(str(folder), part="encoder")
    assert "Not taken over from" in caplog.text
    assert "discriminator_predictions.dense.weight: the encoder" in caplog.text


def test_texts_that_lose_their_beginning_there_are_told_of(tmp_path):
    values = {"truncation_side": "left", "padding_side": "right"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(values))
    assert [*tokenizer.read_settings(str(tmp_path))[1]] == [
        "truncation_side left"
    ]


def test_the_fast_tokenizer_s_sides_are_told_of(folder):
    file = folder / "tokenizer.json"
    values = json.loads(file.read_text())
    for part, side in {"truncation": "Left", "padding": "Right"}.items():
        values[part] = {"direction": side, "max_length": 9, "pad_id": 0}
    file.write_text(json.dumps(values))
    told = "truncation Left of tokenizer.json"
    assert [*tokenizer.read_settings(str(folder))[1]] == [told]
    # The other file counts where it says something.
    config = folder / "tokenizer_config.json"
    said = {**json.loads(config.read_text()), "truncation_side": "right"}
    config.write_text(json.dumps(said))
    assert tokenizer.read_settings(str(folder))[1] == {}


@pytest.mark.parametrize(
    ("file", "changes", "told"),
    [
        ("config.json", {"num_attention_head": 2}, "num_attention_heads"),
        ("config.json", {"hiden_act": "relu"}, "hidden_act"),
        ("tokenizer_config.json", {"do_lowercase": False}, "do_lower_case"),
        # transformers has these, and they say nothing about numbers here.
        ("config.json", {"is_encoder_decoder": False, "use_cache": True}, ""),
        ("config.json", {"pad_token_id": 0, "classifier_dropout": None}, ""),
        ("config.json", {"summary_last_dropout": 0.1, "dtype": "x"}, ""),
        ("tokenizer_config.json", {"extra_special_tokens": {}}, ""),
        ("tokenizer_config.json", {"bos_token": None, "eos_token": "x"}, ""),
    ],
)
def test_settings_that_are_nearly_known_are_told(folder, file, changes, told):
    values = json.loads((folder / file).read_text())
    before = hugging_face.read(str(folder)).left_out
    (folder / file).write_text(json.dumps({**values, **changes}))
    found = hugging_face.read(str(folder)).left_out
    (name,) = [*changes][:1]
    why = {f"{name} of {file}": f"not known; is {told!r} meant?"}
    assert found == {**before, **(why if told else {})}


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer_config.json", "tokenizer.json"]
)
def test_a_key_twice_is_refused(folder, file):
    text = (folder / file).read_text().rstrip().removesuffix("}")
    (folder / file).write_text(text + ', "x": {"hidden": 1, "hidden": 2}}')
    with pytest.raises(UserError, match=f"{file}: .* 'hidden' comes twice"):
        hugging_face.read(str(folder))


@pytest.mark.parametrize("part", ["normalizer", "pre_tokenizer", "model"])
@pytest.mark.parametrize("content", ["absent", None, 5, [], {}, {"type": "X"}])
def test_a_part_that_is_not_there_is_not_berts(folder, part, content):
    file = folder / "tokenizer.json"
    values = {**json.loads(file.read_text()), part: content}
    if content == "absent":
        del values[part]
    file.write_text(json.dumps(values))
    with pytest.raises(UserError, match=f"{part} in .* must have the type"):
        tokenizer.read_settings(str(folder))


def test_older_files_do_not_name_the_model_s_type(folder):
    file = folder / "tokenizer.json"
    values = json.loads(file.read_text())
    del values["model"]["type"]
    file.write_text(json.dumps(values))
    assert tokenizer.read_settings(str(folder))[1] == {}
    del values["model"]["max_input_chars_per_word"]
    values["model"]["merges"] = []
    file.write_text(json.dumps(values))
    with pytest.raises(UserError, match="type WordPiece"):
        tokenizer.read_settings(str(folder))


def test_a_shorter_vocabulary_than_the_fast_tokenizer_s_is_refused(tmp_path):
    vocab = {"[PAD]": 0, "the": 1, " ": 2, "cat": 3}
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({"model": {"vocab": vocab}}))
    content = b"[PAD]\nthe\n\ncat\n"
    tokenizer.check_vocab(str(tmp_path), content)
    with pytest.raises(UserError, match="'cat' has the id None in its vocab"):
        tokenizer.check_vocab(str(tmp_path), content.removesuffix(b"cat\n"))


def test_a_token_with_a_line_s_end_moves_no_other(tmp_path):
    vocab = {"[PAD]": 0, "\n": 1, "the": 2}
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({"model": {"vocab": vocab}}))
    found = hugging_face_files.word_pieces(str(tmp_path), None)
    assert found == b"[PAD]\n\nthe\n"
    tokenizer.check_vocab(str(tmp_path), found)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("added_tokens.json", {"<e>": "41"}, "must be ids by token"),
        ("added_tokens.json", {"<e>": 99}, "each id from 40 on once"),
        ("tokenizer.json", {"added_tokens": [5]}, "an id and a content each"),
        ("tokenizer.json", {"added_tokens": 5}, "Received: added_tokens 5 in"),
        *(
            (
                "tokenizer.json",
                {"added_tokens": [{"id": 40, "content": content}]},
                "an id and a content each",
            )
            for content in (7, 0.5, None, True)
        ),
        (
            "tokenizer_config.json",
            {"model_max_length": "x"},
            "model_max_length in .* must be a number",
        ),
    ],
)
def test_wrong_tokens_are_refused(folder, file, content, message):
    (folder / file).write_text(json.dumps(content))
    values = json.loads((folder / "config.json").read_text())
    values["architectures"] = ["ElectraForTokenClassification"]
    (folder / "config.json").write_text(json.dumps(values))
    arrays = {n: a for n, a in arrays_of(folder).items() if "electra" in n}
    arrays["classifier.weight"] = np.zeros((2, 16), np.float32)
    arrays["classifier.bias"] = np.zeros(2, np.float32)
    safetensors.numpy.save_file(arrays, folder / SAFETENSORS)
    with pytest.raises(UserError, match=message):
        hugging_face.read(str(folder))
