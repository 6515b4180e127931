import io
import json

import pytest
import tensorflow as tf

from electra_tf.configs import to_json
from electra_tf.conversion import convert
from electra_tf.errors import UserError
from electra_tf.pretraining import build, detect, detector
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.text.tokenization import Tokenizer
from electra_tf.training import checkpoints
from electra_tf.training.checkpoint_folder import CheckpointFolder
from tests import tiny

WORDS = ("the", "cat", "sees", "dog", "##s", ".", "un", "##seen")


@pytest.fixture
def model_dir(tmp_path):
    vocabulary = tmp_path / "vocab.txt"
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    vocabulary.write_text("\n".join((*special, *WORDS)) + "\n")
    tokenizer = Tokenizer(vocabulary)
    config = tiny.pretraining(
        vocab_file=str(vocabulary), vocab_size=tokenizer.vocab_size
    )
    pretrainer = Pretrainer(
        config,
        SpecialTokens(tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id),
    )
    step = tf.Variable(3, dtype=tf.int64)
    saved = checkpoints.checkpoint(pretrainer.variables, {}, step)
    CheckpointFolder(saved, str(tmp_path)).save(3)
    (tmp_path / "config.json").write_text(json.dumps(to_json(config)))
    return str(tmp_path)


def test_corrupts_and_detects(model_dir):
    pretrainer, tokenizer = detector.load(model_dir)
    texts = ["The cat sees the dogs.", "unseen cat"]
    found = detector.corrupt_and_detect(pretrainer, tokenizer, texts, seed=0)
    for text, tokens in zip(texts, found, strict=True):
        assert [t.original for t in tokens] == tokenizer.tokenize(text)
        assert all(0 < token.probability < 1 for token in tokens)
    assert any(token.replaced for tokens in found for token in tokens)


def test_corrupts_long_texts_in_parts(model_dir, monkeypatch):
    monkeypatch.setattr(detector, "PARTS_TOGETHER", 2)
    pretrainer, tokenizer = detector.load(model_dir)
    texts = ["the cat sees " * 40, "", "dog"]
    found = detector.corrupt_and_detect(pretrainer, tokenizer, texts, seed=0)
    for text, tokens in zip(texts, found, strict=True):
        assert [t.original for t in tokens] == tokenizer.tokenize(text)
    # The sequences are corrupted each in a way of its own.
    replaced = [i for i, token in enumerate(found[0]) if token.replaced]
    room = pretrainer.config.max_seq_length - 2
    assert len({*(i % room for i in replaced)}) > len(replaced) / 2


def test_corrupts_only_for_a_detector(model_dir):
    _, tokenizer = detector.load(model_dir)
    config = tiny.pretraining(
        objective="mlm",
        vocab_file=f"{model_dir}/vocab.txt",
        vocab_size=tokenizer.vocab_size,
    )
    pretrainer = build.new_pretrainer(config, tokenizer)
    with pytest.raises(UserError, match="of the objective 'mlm'"):
        detector.corrupt_and_detect(pretrainer, tokenizer, ["the cat"], seed=0)


def test_marks_word_pieces():
    tokens = [
        detector.Token("un", "un", 0.1),
        detector.Token("##s", "##seen", 0.75),
        detector.Token("cat", "cat", 0.6),
    ]
    assert detector.marked(tokens, 0.5) == "un[s<seen]!75% cat!60%"


def test_heat_map():
    tokens = [
        detector.Token("a<b", "a<b", 0.125),
        detector.Token("##s", "##seen", 0.75),
    ]
    head, line = detector.page([tokens])
    assert "charset" in head
    first, second = line.split(" <span")
    assert "rgba(217, 48, 37, 0.12)" in first and "a&lt;b</span>" in first
    assert 'class="t p r"' in second and 'title="75%, was ##seen"' in second


@pytest.mark.parametrize("flags", [["--html", "--threshold=0.9"], ["--seed=3"]])
def test_flags_without_an_effect(flags):
    with pytest.raises(SystemExit, match="has no effect"):
        detect.main(["a", "--model_folder=none", *flags])


def test_a_page_has_a_line_a_text(model_dir, capsys):
    detect.main(["the cat", "a dog", f"--model_folder={model_dir}", "--html"])
    printed = capsys.readouterr().out
    assert printed.count("<span") >= 4
    assert printed.count('\n<p dir="auto"><span') == 2


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(FileNotFoundError, match="No run was begun in"):
        detector.load(str(tmp_path))
    (tmp_path / "config.json").write_text('{"seed": 1, "seed": 2}')
    with pytest.raises(UserError, match=r"config.json: .*'seed' comes twice"):
        detector.load(str(tmp_path))


@pytest.fixture
def model_folder(model_dir, tmp_path):
    folder = str(tmp_path / "folder")
    convert.main(["--from", model_dir, "--to", folder])
    return folder


def test_the_command_reads_runs_and_model_folders(
    model_dir, model_folder, capsys
):
    text = "The cat sees the dogs."
    said = []
    for folder in (model_dir, model_folder):
        capsys.readouterr()
        detect.main([f"--model_folder={folder}", "--json", text, "unseen"])
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    first, second = map(json.loads, said[0].splitlines())
    _, tokenizer = detector.load(model_dir)
    assert [t["text"] for t in first["tokens"]] == tokenizer.tokenize(text)
    assert all(0 < t["probability"] < 1 for t in first["tokens"])
    assert len(second["tokens"]) == 2


def test_probabilities_are_those_of_the_pre_trainer(model_dir):
    pretrainer, tokenizer = detector.load(model_dir)
    corrupted = detector.corrupt_and_detect(
        pretrainer, tokenizer, ["the cat sees the dog ."], seed=0
    )[0]
    ids = [tokenizer.tokens.index(token.text) for token in corrupted]
    alone = detector.Detector(model_dir).of_ids(ids)
    for ours, theirs in zip(alone, corrupted, strict=True):
        assert ours.probability == pytest.approx(theirs.probability, abs=1e-5)


def test_a_long_text_is_read_in_parts(model_folder):
    found = detector.Detector(model_folder)("cat " * 100)
    assert [token.text for token in found] == ["cat"] * 100


def test_lines_of_standard_input_and_corruption(model_dir, capsys, monkeypatch):
    lines = io.TextIOWrapper(io.BytesIO(b"the cat\n" * 3))
    monkeypatch.setattr("sys.stdin", lines)
    detect.main(
        [f"--model_folder={model_dir}", "--corrupt", "--threshold=0.99"]
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line.count(" ") == 1 for line in lines)


@pytest.mark.parametrize("flags", [[], ["--corrupt"]])
def test_unknown_tokens_are_told_at_the_end(model_dir, capsys, flags):
    detect.main(["the cat", "unicorns", f"--model_folder={model_dir}", *flags])
    assert "detect: Warning: 33% of the tokens" in capsys.readouterr().err
    detect.main(["the cat", f"--model_folder={model_dir}", *flags])
    assert not capsys.readouterr().err


def test_colours_are_for_terminals(monkeypatch, model_folder, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    arguments = [f"--model_folder={model_folder}", "--threshold=0", "the cat"]
    detect.main(arguments)
    assert "\x1b[" not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    detect.main(arguments)
    assert capsys.readouterr().out.count("\x1b[97;41m") == 2


def test_a_model_without_discriminator(model_dir, tmp_path):
    folder = str(tmp_path / "encoder")
    convert.main(
        [
            *("--from", model_dir, "--to", folder),
            *("--leave_out", "discriminator_predictions"),
        ]
    )
    with pytest.raises(SystemExit) as stopped:
        detect.main([f"--model_folder={folder}", "the cat"])
    assert "has no discriminator: expected the part disc" in str(stopped.value)
