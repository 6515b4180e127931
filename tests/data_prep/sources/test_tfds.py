"""Text sets of TensorFlow Datasets."""

import dataclasses
import shutil
import sys

import numpy as np
import pytest

from data_prep import corpus
from data_prep.dataset_config import CorpusConfig
from data_prep.sources import formats
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.unit import Reading
from tests.data_prep.sources import corpora

tfds = pytest.importorskip("tensorflow_datasets")

NUM_DOCUMENTS = 200


class TinyText(tfds.core.GeneratorBasedBuilder):
    """The documents of these tests as a set."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict(
            {"text": tfds.features.Text(), "number": np.int64}
        )
        return self.dataset_info_from_configs(features=features)

    def _split_generators(self, manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        documents = corpora.make_documents(NUM_DOCUMENTS)
        for number, document in enumerate(documents):
            yield number, {"text": "\n".join(document), "number": number}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    TinyText(data_dir=folder).download_and_prepare()
    return {"tfds_name": "tiny_text", "tfds_data_dir": str(folder)}


def read(config, units):
    reading = Reading(config, DataIssues())
    return [
        list(document)
        for unit in units
        for document in formats.documents(unit, reading)
    ]


def test_examples_are_those_of_a_file(build, settings, tmp_path):
    # TFDS shuffles when it writes; from there on the order is fixed.
    config = CorpusConfig(**settings)
    (file,) = corpus.list_files(config)
    units = formats.FORMATS[file.format].cut(file, file.bytes, config)
    documents = read(config, units)
    assert sorted(documents) == sorted(corpora.make_documents(NUM_DOCUMENTS))
    (tmp_path / "a.txt").write_bytes(corpora.as_text(documents))
    built = build(None, **settings)
    expected = build(tmp_path / "a.txt")
    assert corpora.records_of(built) == corpora.records_of(expected)
    assert list(corpora.manifest_of(built)["sources"]) == [
        "tfds:tiny_text/1.0.0:train"
    ]
    parts = formats.FORMATS[file.format].cut(file, file.bytes // 7, config)
    assert len(parts) == 7
    assert read(config, parts) == documents


@pytest.mark.slow  # Two processes import TensorFlow.
def test_processes_do_not_change_a_byte(build, settings, monkeypatch):
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 20_000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 5_000)
    one, two = (
        build(None, num_processes=number, num_out_files=2, **settings)
        for number in (1, 2)
    )
    assert one == two


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tfds_name": "nosuch"}, "has no set 'nosuch'"),
        ({"tfds_split": "test"}, "no split 'test', but 'train'"),
        ({"text_field": "number"}, "no text 'number', but 'text' of its"),
    ],
)
def test_faults(settings, change, message):
    config = dataclasses.replace(CorpusConfig(**settings), **change)
    with pytest.raises(ValueError, match=message):
        corpus.list_files(config)


def test_a_missing_library(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ValueError, match="pip install tensorflow-datasets"):
        corpus.list_files(CorpusConfig(**settings))


def test_sets_that_cannot_be_prepared(monkeypatch, tmp_path):
    def fail(self):
        raise ModuleNotFoundError("No module named 'apache_beam'")

    monkeypatch.setattr(TinyText, "_generate_examples", fail)
    config = CorpusConfig(tfds_name="tiny_text", tfds_data_dir=tmp_path)
    with pytest.raises(ValueError, match=r"apache_beam.*tfds build tiny_text"):
        corpus.list_files(config)


def test_damaged_sets(settings, build, tmp_path):
    folder = shutil.copytree(settings["tfds_data_dir"], tmp_path / "damaged")
    (file,) = folder.rglob("*tfrecord*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged near example \d+"):
        build(None, tfds_name="tiny_text", tfds_data_dir=str(folder))


def test_marks_of_wiki40b(settings, monkeypatch):
    marked = (
        "\n_START_ARTICLE_\nOven\n_START_SECTION_\nUse\n_START_PARAGRAPH_\n"
        "Heat it._NEWLINE_Then wait."
    )
    monkeypatch.setattr(
        TinyText,
        "_generate_examples",
        lambda self: iter([(0, {"text": marked, "number": 0})]),
    )
    folder = settings["tfds_data_dir"] + "/marked"
    TinyText(data_dir=folder).download_and_prepare()
    config = CorpusConfig(tfds_name="tiny_text", tfds_data_dir=folder)
    (file,) = corpus.list_files(config)
    units = formats.FORMATS[file.format].cut(file, file.bytes, config)
    assert read(config, units) == [["Oven", "Use", "Heat it.", "Then wait."]]
