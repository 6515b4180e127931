"""Names of the hub, against a stand-in of it on this machine."""

import hashlib
import http.server
import json
import pathlib
import shutil
import threading
import urllib.parse

import huggingface_hub.constants
import numpy as np
import pytest

from electra_tf.configs import FinetuningConfig
from electra_tf.conversion import (
    formats,
    hugging_face,
    initial_checkpoint,
)
from electra_tf.conversion.hugging_face_parts import hub

NAME = "someone/electra-tiny"
COMMIT = "1" * 40


class _Hub(http.server.BaseHTTPRequestHandler):
    """Answers the few requests that fetching a model takes."""

    folder: pathlib.Path
    asked: list

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def log_message(self, *_):
        """Say nothing."""

    def _answer(self, with_body: bool):
        path = urllib.parse.unquote(urllib.parse.urlparse(self.path).path)
        self.asked.append(path)
        files = sorted(p for p in self.folder.iterdir() if p.is_file())
        body, status, headers = b"{}", 200, {}
        if path.startswith(f"/api/models/{NAME}/tree/"):
            tree = [
                {
                    "type": "file",
                    "path": file.name,
                    "size": file.stat().st_size,
                    "oid": _etag(file),
                }
                for file in files
            ]
            body = json.dumps(tree).encode()
        elif path.startswith(f"/api/models/{NAME}"):
            siblings = [{"rfilename": file.name} for file in files]
            info = {"id": NAME, "sha": COMMIT, "siblings": siblings}
            body = json.dumps(info).encode()
        elif path.startswith(f"/{NAME}/resolve/"):
            file = self.folder / path.rsplit("/", 1)[1]
            body = file.read_bytes()
            headers = {"ETag": f'"{_etag(file)}"', "X-Repo-Commit": COMMIT}
        else:
            status = 404
            headers = {"X-Error-Code": "RepoNotFound"}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _etag(file: pathlib.Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()


@pytest.fixture
def served(model_folder, tmp_path, monkeypatch):
    """Serve a model in transformers' format; yield what was asked for."""
    model = formats.read(str(model_folder))
    folder = tmp_path / "served"
    hugging_face.write(str(folder), model, part="discriminator")
    (folder / "tf_model.h5").write_text("not to be fetched")
    handler = type("Handler", (_Hub,), {"folder": folder, "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    constants = huggingface_hub.constants
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.chdir(tmp_path)
    yield model, handler.asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_is_fetched_once_and_then_read_without_the_hub(
    served, monkeypatch
):
    model, asked = served
    read = formats.read(NAME)
    for name, array in read.variables.items():
        np.testing.assert_array_equal(array, model.variables[name])
    assert read.vocab == model.vocab
    assert not any("h5" in path for path in asked)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    before = len(asked)
    assert formats.detect(NAME) == "hugging_face"
    assert formats.read(NAME).variables.keys() == read.variables.keys()
    assert len(asked) == before


def test_its_vocabulary_is_that_of_finetuning(served, tmp_path):
    config = FinetuningConfig(
        data_dir=str(tmp_path),
        model_name="tuned",
        task_names=("sst",),
        init_checkpoint=NAME,
        max_seq_length=16,
    )
    found, start = initial_checkpoint.finetuning(config)
    vocabulary = pathlib.Path(found.vocab_file).read_bytes()
    assert vocabulary == start.vocab == served[0].vocab
    other = config.replace(vocab_file=str(tmp_path / "mine.txt"))
    found, _ = initial_checkpoint.finetuning(other)
    assert found.vocab_file == other.vocab_file


def test_a_model_that_is_named_must_be_there(served, tmp_path):
    config = FinetuningConfig(
        data_dir=str(tmp_path),
        model_name="new",
        task_names=("sst",),
        init_checkpoint="someone/else",
        from_scratch=True,
    )
    # Its settings and vocabulary are wanted where its weights are not.
    for from_scratch in (True, False):
        with pytest.raises(FileNotFoundError, match="the hub does not give"):
            initial_checkpoint.finetuning(
                config.replace(from_scratch=from_scratch)
            )


@pytest.mark.parametrize("name", ["someone/else", "no/model@v1"])
def test_a_name_that_the_hub_does_not_know_is_told(served, name):
    with pytest.raises(FileNotFoundError, match="the hub does not give"):
        formats.read(name)


def test_without_a_cache_and_offline_it_is_told(served, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match="the hub does not give"):
        formats.read(NAME)


def test_a_folder_of_this_machine_comes_first(served, tmp_path):
    _, asked = served
    (tmp_path / "someone").mkdir()
    assert not hub.is_name(NAME)
    with pytest.raises(FileNotFoundError):
        formats.read(NAME)
    shutil.copytree(tmp_path / "served", tmp_path / NAME)
    assert formats.detect(NAME) == "hugging_face"
    assert not asked


def test_without_the_package_it_is_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(FileNotFoundError, match="pip install"):
        hub.folder_of(NAME)
