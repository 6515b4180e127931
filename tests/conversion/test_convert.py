"""The command line of conversion."""

import pytest

from electra_tf.conversion import convert
from tests.conversion import runs


def test_a_vocabulary_that_is_not_there_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    arguments = ["--from", run, "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="No vocabulary file at nowhere"):
        convert.main([*arguments, "--vocab_file", "nowhere"])
    assert not (tmp_path / "to").exists()


@pytest.fixture
def run(tmp_path):
    return runs.save(tmp_path / "run", *runs.pretrained(tmp_path))


def convert_to(folder, source, *flags):
    convert.main(["--from", str(source), "--to", str(folder), *flags])
    return folder


@pytest.mark.parametrize(
    "flags",
    [
        ["--optimizer"],
        ["--task=x"],
        ["--labels", "a", "b"],
        ["--part=generator", "--format=tf1_checkpoint"],
    ],
)
def test_options_of_other_formats(run, tmp_path, flags):
    name = flags[0].partition("=")[0]
    with pytest.raises(SystemExit, match=f"{name} has no effect from training"):
        convert_to(tmp_path / "to", run, *flags)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("form", ["model_folder", "hugging_face"])
def test_options_that_the_files_contradict(run, tmp_path, form):
    source = convert_to(tmp_path / "from", run, f"--format={form}")
    for flag, message in {
        "--cased": "do_lower_case is True by the files of .* Leave --cased out",
        "--keep_accents": "strip_accents is True",
        "--keep_chinese_words": "Leave --keep_chinese_words out",
        "--max_input_chars_per_word=9": "is 200 by .* Received: 9. Leave --max",
        "--num_attention_heads=2": "num_attention_heads is 4",
        "--hidden_act=relu": "hidden_act is 'gelu'",
    }.items():
        with pytest.raises(SystemExit, match=message):
            convert_to(tmp_path / "to", source, flag)
        assert not (tmp_path / "to").exists()
    # What they say as well is no mistake.
    convert_to(tmp_path / "to", source, "--num_attention_heads=4")


def test_a_vocabulary_beside_that_of_a_model_folder(run, tmp_path):
    source = convert_to(tmp_path / "from", run)
    words = f"--vocab_file={tmp_path / 'words.txt'}"
    with pytest.raises(SystemExit, match="--vocab_file has no effect from mod"):
        convert_to(tmp_path / "to", source, words)
