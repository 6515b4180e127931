"""Family G: examples, files and statistics of the original's builder."""

import hashlib
import json
import random

import pytest

from data_prep.examples import example_builder, sentences, shards
from data_prep.sources.lines import split_documents
from electra_tf.io import records
from electra_tf.text import id_strings
from electra_tf.text.line_tokenizer import LineTokenizer
from electra_tf.text.tokenization import Tokenizer

VOCAB = "vocab_tiny.txt"
STANDARD_ERRORS = 5


@pytest.fixture(scope="module")
def folder(goldens):
    folder = goldens / "G_examples"
    if not folder.exists() or not (goldens / VOCAB).exists():
        pytest.skip("no goldens of family G")
    return folder


def load(folder, name):
    return json.loads((folder / name).read_text("utf-8"))


class Replay:
    """Gives recorded draws, and insists on being asked for just those."""

    def __init__(self, draws):
        self.draws = draws
        self.used = 0

    def _next(self, *asked):
        *kind, value = self.draws[self.used]
        assert list(asked) == kind
        self.used += 1
        return value

    def random(self):
        return self._next("random")

    def randint(self, low, high):
        return self._next("randint", low, high)


def make_builder(tokenizer, max_length, rng):
    cls, sep = map(id_strings.of, ([tokenizer.cls_id], [tokenizer.sep_id]))
    return example_builder.ExampleBuilder(cls, sep, max_length, rng)


def examples_of_text(text, tokenizer, builder, blank_lines=True):
    lines = [line.strip() for line in text.split("\n")]
    encode = LineTokenizer(tokenizer).encode
    for document in split_documents(lines, blank_lines):
        yield from builder.examples_of(encode(list(document)))


def test_replayed_draws_give_the_same_examples(folder):
    replay = load(folder, "replay.json")
    for case in replay["cases"]:
        settings = case["settings"]
        tokenizer = Tokenizer(
            folder.parent / VOCAB,
            settings["do_lower_case"],
            settings["strip_accents"],
        )
        rng = Replay(case["draws"])
        builder = make_builder(tokenizer, settings["max_length"], rng)
        made = examples_of_text(
            replay["text"],
            tokenizer,
            builder,
            settings["blank_lines_separate_documents"],
        )
        for example, expected in zip(made, case["examples"], strict=True):
            ids = id_strings.to_array(example.input_ids).tolist()
            assert ids == expected["input_ids"]
            assert example.segment0_length == expected["n_segment0"]
            assert rng.used == expected["draws_used"]
        assert rng.used == len(case["draws"])


def test_examples_go_to_the_same_files(folder, tmp_path):
    recorded = load(folder, "writer.json")
    settings = recorded["settings"]
    length = settings["max_seq_length"]
    tokenizer = Tokenizer(folder.parent / VOCAB)
    for job in recorded["jobs"]:
        names = shards.names_of_job(
            job["job_id"], settings["num_jobs"], settings["num_out_files"]
        )
        assert names == list(job["output"])
        builder = make_builder(tokenizer, length, Replay(job["draws"]))
        with shards.ShardWriter(tmp_path, names, length) as writer:
            for number in job["input_files_in_order"]:
                text = recorded["input_files"][number]
                for example in examples_of_text(text, tokenizer, builder):
                    writer.write(example)
        assert sum(writer.counts) == job["n_written"]
        for name, expected in job["output"].items():
            assert read(tmp_path / name, length) == expected


def read(path, length):
    """Return the examples of a file as the goldens have them."""
    made = []
    for record in records.read_records(path):
        parsed = records.parse_examples(record, length)
        real = int(sum(parsed["input_mask"]))
        ones = int(sum(parsed["segment_ids"]))
        ids = parsed["input_ids"].numpy().tolist()
        assert ids[real:] == [0] * (length - real)
        made.append({"input_ids": ids[:real], "n_segment0": real - ones})
    return made


def test_a_file_of_the_original_can_be_read(folder):
    recorded = load(folder, "writer.json")
    length = recorded["settings"]["max_seq_length"]
    path = folder / "pretrain_data.tfrecord-sample-0-of-5"
    records.check_shards([path], length)
    outputs = recorded["jobs"][0]["output"]
    assert read(path, length) == outputs["pretrain_data.tfrecord-0-of-5"]


def generate_text(grammar):
    """Write the text that the statistics are about."""
    state = grammar["seed"]

    def pick(options):
        nonlocal state
        state = (1103515245 * state + 12345) % 2**31
        return options[(state >> 8) % len(options)]

    def sentence():
        first, *rest = pick(grammar["sentences"]).split("%")
        filled = [pick(grammar["words"][part[0]]) + part[1:] for part in rest]
        return first + "".join(filled)

    text, size = [], 0
    while size < grammar["min_bytes"]:
        lines = []
        for _ in range(pick(grammar["lines_per_document"])):
            count = pick(grammar["sentences_per_line"])
            lines.append(" ".join(sentence() for _ in range(count)) + "\n")
        text += [*lines, "\n"]
        size += len("".join(lines).encode("utf-8")) + 1
    return "".join(text)


def examples_with_draws_of_documents(text, tokenizer, builder):
    """What a build does: each document has draws of its own."""
    lines = [line.strip() for line in text.split("\n")]
    for inputs, document in sentences.encode_documents(
        split_documents(lines),
        LineTokenizer(tokenizer).encode,
        seed=5,
    ):
        builder.begin_document(inputs)
        yield from builder.examples_of(document)


@pytest.mark.parametrize(
    "examples_of", [examples_of_text, examples_with_draws_of_documents]
)
def test_statistics_are_those_of_the_original(folder, examples_of):
    recorded = load(folder, "statistics.json")
    text = generate_text(recorded["grammar"])
    assert hashlib.sha256(text.encode()).hexdigest() == recorded["text_sha256"]
    tokenizer = Tokenizer(folder.parent / VOCAB)
    pieces = sum(len(tokenizer.encode(line)) for line in text.split("\n"))
    assert pieces == recorded["n_wordpieces"]
    length = recorded["max_length"]
    builder = make_builder(tokenizer, length, random.Random(5))
    made = list(examples_of(text, tokenizer, builder))
    singles = [len(e.input_ids) == e.segment0_length for e in made]
    short = [len(e.input_ids) < length for e in made]
    found = {
        "total_examples": len(made),
        "fraction_single_segment": sum(singles) / len(made),
        "fraction_short_examples": sum(short) / len(made),
    }
    runs = len(recorded["runs"])
    for name, value in found.items():
        spread = recorded["std_over_runs"][name] * (1 + 1 / runs) ** 0.5
        error = abs(value - recorded["mean"][name])
        assert error < STANDARD_ERRORS * spread, name
    check_histogram(
        [e.segment0_length for e in made], recorded, "length_of_segment_0"
    )
    check_histogram([len(e.input_ids) for e in made], recorded, "total_tokens")


def check_histogram(lengths, recorded, name):
    histograms = recorded["histograms_of_last_run_bin_width_8"]
    for edge, expected in histograms[name]:
        count = sum(edge <= length < edge + 8 for length in lengths)
        # Two independent counts with Poisson's spread.
        spread = (count + expected + 1) ** 0.5
        assert abs(count - expected) < STANDARD_ERRORS * spread, (name, edge)
