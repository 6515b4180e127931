"""Examples: what holds for any draws. (The draws: tests/fidelity.)"""

import random

import pytest

from data_prep.examples import example_builder
from data_prep.sources.lines import split_documents

CLS, SEP = 1, 2


def make(lengths, max_length, seed=0):
    """Return builder and examples of one document of counted-up ids."""
    builder = example_builder.ExampleBuilder(
        [CLS], [SEP], max_length, random.Random(seed)
    )
    ids = iter(range(10, 10**6))
    lines = [[next(ids) for _ in range(length)] for length in lengths]
    return builder, list(builder.examples_of(lines))


@pytest.mark.parametrize("max_length", [5, 16, 128])
@pytest.mark.parametrize("seed", range(5))
def test_shape_of_examples(max_length, seed):
    draw = random.Random(seed)
    lengths = [draw.randint(0, 40) for _ in range(300)]
    builder, made = make(lengths, max_length, seed)
    kept = 0
    for ids, segment0_length in made:
        assert len(ids) <= max_length
        assert ids[0] == CLS
        assert ids[segment0_length - 1] == ids[-1] == SEP
        assert ids.count(CLS) == 1
        assert ids.count(SEP) == 1 + (len(ids) > segment0_length)
        for segment in (ids[1:segment0_length], ids[segment0_length:]):
            assert segment[:-1] == sorted(segment[:-1])
        kept += len(ids) - 1 - ids.count(SEP)
    assert builder.tokens == sum(lengths)
    assert builder.tokens - builder.tokens_cut_off == kept


def test_nothing_is_lost_below_the_target():
    builder, made = make([10, 20, 30, 60], 128)
    assert len(made) == 1
    assert builder.tokens_cut_off == 0


def test_text_without_tokens_gives_no_example():
    assert make([0, 0], 16)[1] == []


def test_too_short_lengths_are_refused():
    with pytest.raises(ValueError, match=r"at least 5\. Received: 4"):
        make([1], 4)


@pytest.mark.parametrize("blank_lines", [True, False])
def test_documents(blank_lines):
    lines = ["", "a", "b", "", "", "c", ""]
    found = [list(document) for document in split_documents(lines, blank_lines)]
    assert found == ([["a", "b"], ["c"]] if blank_lines else [["a", "b", "c"]])
