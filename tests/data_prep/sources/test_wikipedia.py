"""Articles of WikiExtractor: none of their text is lost."""

import pytest

from data_prep.dataset_config import CorpusConfig
from data_prep.sources import line_formats
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading, SourceFile, whole
from electra_tf.errors import UserError
from tests.data_prep.sources.corpora import counts_of


def read(tmp_path, *lines):
    """Return the documents of a file with some lines."""
    path = tmp_path / "wiki"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    config = CorpusConfig(corpus_dir=tmp_path, corpus_format="wikipedia")
    file = SourceFile("wikipedia", str(path), "wiki", path.stat().st_size)
    reading = Reading(config, DataIssues())
    return [*line_formats.wikipedia_documents(whole(file), reading)]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ('<doc id="3" url="u?a=1&b=2" title="T">', []),
        ("<doc id=3>", []),
        ('<doc id="3" title="A > B">', []),
        # As it stands in the released program, without escapes.
        ('<doc id="3" title=""Heroes" (song)">', []),
        ('<doc id="3" title=""Heroes" > "Low"">', []),
        ('<doc id="3">The king', ["The king"]),
        ('<doc id="3" title="A > B"> was > lost', ["was > lost"]),
        ('<doc id="3" title=""Heroes"">was lost', ["was lost"]),
        ('<doc id="3">a "tower">', ['a "tower">']),
    ],
)
def test_text_beside_the_start_of_an_article(tmp_path, header, text):
    found = read(tmp_path, header, "more", "</doc>")
    assert found == [[*text, "more"]]


def test_a_line_that_starts_no_article(tmp_path):
    lines = ('<doc id="3">', "<doc is a mark", "</doc>")
    assert read(tmp_path, *lines) == [["<doc is a mark"]]
    with pytest.raises(UserError, match="byte 0: this line is in no <doc"):
        read(tmp_path, '<doc id="3" the king')


def test_faults_of_wikipedia(tmp_path, build):
    path = tmp_path / "wiki"

    def place(content):
        path.write_bytes(content)
        return path

    good = b'<doc id="1">\nthe king\n</doc>\n'
    folder = place(b"\xef\xbb\xbf" + good)
    assert counts_of(build(folder, corpus_format="wikipedia"))["tokens"] == 2
    folder = place(good + b'stray\n<doc id="2">\nlost\n' + good + good)
    settings = {"corpus_format": "wikipedia"}
    with pytest.raises(ValueError, match=r"wiki, byte 29: this line is in no"):
        build(folder, **settings)
    counts = counts_of(build(folder, skip_bad_documents=True, **settings))
    assert (counts["documents"], counts["bad_documents"]) == (3, 2)
    folder = place(good + b'<doc id="2">\nlost\n')
    with pytest.raises(ValueError, match=r"wiki, byte 29: no </doc> ends"):
        build(folder, **settings)
