"""What the report on a folder of records says, and what it finds."""

import shutil
import subprocess
import sys

import pytest

from data_prep import build_pretraining_dataset, inspect
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.io import manifest, records


@pytest.fixture(params=[None, "GZIP"])
def built(tmp_path, corpus_dir, vocab_file, request):
    """A small build, padded and plain, or not padded and compressed."""
    config = PretrainingDatasetConfig(
        corpus_dir=corpus_dir,
        vocab_file=vocab_file,
        output_dir=tmp_path / "out",
        max_seq_length=32,
        num_out_files=3,
        held_out_share=0.1,
        compression=request.param,
        padded=request.param is None,
    )
    build_pretraining_dataset.main(config)
    return tmp_path / "out"


def failure(folder, *flags):
    with pytest.raises(SystemExit) as error:
        inspect.main([str(folder), "--examples=0", *flags])
    return str(error.value)


def test_report(built, vocab_file, capsys, tmp_path):
    capsys.readouterr()
    plot = tmp_path / "plot.png"
    inspect.main([str(built), f"--vocab_file={vocab_file}", f"--plot={plot}"])
    shown = capsys.readouterr().out
    made = manifest.read(built)
    assert f"{made.training_examples} training" in shown
    assert "files: 4 checked, 0 wrong" in shown
    assert shown.count("[CLS]") == 3
    assert "[CLS] the" in shown or "king" in shown
    assert "single_segment_examples" in shown
    assert plot.read_bytes().startswith(b"\x89PNG")
    lengths = {int(n): count for n, count in made.lengths.items()}
    examples = made.training_examples + made.held_out_examples
    assert sum(lengths.values()) == examples
    assert max(lengths) <= 32
    ids = sum(n * count for n, count in lengths.items())
    counts = made.counts
    specials = 3 * examples - counts["single_segment_examples"]
    assert ids - specials == counts["tokens"] - counts["tokens_cut_off"]
    assert 0 < counts["single_segment_examples"] < examples
    assert sum(made.sources.values()) > 0
    assert "more/b.txt" in made.sources


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-7]), "expected"),
        (lambda path: flip(path, 100), "CRC-32C"),
        (lambda path: path.write_bytes(b""), "0 bytes"),
    ],
)
def test_damage_is_named(built, capsys, damage, message):
    name = records.shard_name(1, 3)
    damage(built / name)
    assert "1 files are wrong" in failure(built)
    shown = capsys.readouterr().out
    (line,) = [line for line in shown.split("\n") if "wrong:" in line]
    assert name in line
    assert message in line


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_foreign_files_are_named(built, capsys):
    foreign = built / records.shard_name(0, 9)
    foreign.write_bytes((built / records.shard_name(0, 3)).read_bytes())
    assert "1 files are wrong" in failure(built)
    assert f"{foreign.name}: not a file of" in capsys.readouterr().out


def test_wrong_counts_are_named(built, capsys):
    """Of a manifest without checksums too, as of earlier versions."""
    path = built / manifest.FILE_NAME
    first = manifest.read(built).training[0]
    content = path.read_text().replace(first.crc32c, "")
    path.write_text(
        content.replace(
            f'"examples": {first.examples}', f'"examples": {first.examples + 1}'
        )
    )
    assert "are wrong" in failure(built)
    assert f"{first.examples} records" in capsys.readouterr().out


def test_the_vocabulary_must_be_the_one(built, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
    message = failure(built, "--examples=1", f"--vocab_file={other}")
    assert "vocab_sha256" in message


def test_the_vocabulary_is_found_wherever_the_records_are(
    built, vocab_file, tmp_path, capsys
):
    moved = tmp_path / "else" / "where"
    shutil.copytree(built, moved)
    inspect.main([str(moved), "--examples=1"])
    assert "[CLS]" in capsys.readouterr().out
    path = moved / manifest.FILE_NAME
    path.write_text(path.read_text().replace(vocab_file.name, "gone.txt"))
    message = failure(moved, "--examples=1")
    assert "No vocabulary file with the SHA-256" in message
    assert f"gone.txt, {moved.parent / 'vocab.txt'}" in message
    (moved.parent / "vocab.txt").write_text("[PAD]")  # Another one.
    assert "Give it by --vocab_file" in failure(moved, "--examples=1")
    shutil.copy(vocab_file, moved / "vocab.txt")
    inspect.main([str(moved), "--examples=1"])
    assert "[CLS]" in capsys.readouterr().out


def test_as_many_examples_as_asked_for_are_shown(built, capsys):
    total = manifest.read(built).training_examples
    for number in (0, 2, 3, 8, 10**6):
        capsys.readouterr()
        inspect.main([str(built), f"--examples={number}"])
        lines = capsys.readouterr().out.splitlines()
        shown = [line for line in lines if line.startswith("  [CLS]")]
        assert len(shown) == min(number, total)
        # Of 3 files.
        heads = [line for line in lines if " of them in segment 0" in line]
        names = {head.partition(":")[0] for head in heads}
        assert len(names) == min(number, 3)


def test_a_negative_number_of_examples_is_refused(capsys):
    with pytest.raises(SystemExit) as error:
        inspect.main(["records", "--examples=-3"])
    assert error.value.code == 2
    assert "must be 0 or more, not -3" in capsys.readouterr().err


def test_plots_of_no_known_format(built, tmp_path):
    plot = tmp_path / "plot.docx"
    message = failure(built, f"--plot={plot}")
    assert "--plot must end in ." in message
    assert ".png" in message
    inspect.main([str(built), "--examples=0", f"--plot={tmp_path}/plot.SVG"])
    assert b"<svg" in (tmp_path / "plot.SVG").read_bytes()
    assert not plot.exists()


def test_a_folder_without_a_manifest(tmp_path):
    assert "no manifest.json" in failure(tmp_path)


def test_neither_tensorflow_nor_matplotlib_is_needed(built):
    code = (
        "import sys; from data_prep import inspect;"
        f" inspect.main([{str(built)!r}, '--examples=0']);"
        " print({'tensorflow', 'matplotlib'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "4 checked, 0 wrong" in shown.stdout
    assert shown.stdout.endswith("set()\n")


def test_what_is_counted(tmp_path, vocab_file):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    text = "the king \U0001f642 was lost\n\n\ufffd\n\nthe \U0001f642\n"
    (corpus / "a.txt").write_text(text, "utf-8")
    config = PretrainingDatasetConfig(
        corpus_dir=corpus, vocab_file=vocab_file, output_dir=tmp_path / "out"
    )
    build_pretraining_dataset.main(config)
    made = manifest.read(tmp_path / "out")
    assert made.counts["documents"] == 3
    assert made.counts["documents_without_tokens"] == 1
    assert made.counts["unknown_tokens"] == 2
    assert made.counts["single_segment_examples"] == 2
    assert made.sources == {"a.txt": len(text.encode())}
