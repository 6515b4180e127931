"""Stores on this machine, for tests: S3's and Google's, by their emulators."""

import functools
import http.server
import itertools
import os
import threading

import pytest

STORES = ("s3", "gs", "memory")
# By which programs find them.
VARIABLES = {"s3": "AWS_ENDPOINT_URL", "gs": "STORAGE_EMULATOR_HOST"}
_NUMBERS = itertools.count()


class _GoogleHandler:
    """What Google's store does and its emulator does not: refuse to replace.

    `ifGenerationMatch=0` makes a request fail where there is an object.
    """

    one_at_a_time = threading.Lock()
    must_be_new = False

    @classmethod
    def made(cls, storage):
        from gcp_storage_emulator.server import RequestHandler

        create = storage.create_file

        def create_file(bucket, name, *args, **kwargs):
            if cls.must_be_new and name in storage.objects.get(bucket, ()):
                raise FileExistsError(name)
            return create(bucket, name, *args, **kwargs)

        class Handler(RequestHandler):
            def do_POST(self):  # noqa: N802
                with cls.one_at_a_time:
                    cls.must_be_new = "ifGenerationMatch=0" in self.path
                    try:
                        super().do_POST()
                    except FileExistsError:
                        self.send_error(412)

        storage.create_file = create_file
        return functools.partial(Handler, storage)


def _google() -> str:
    import logging

    from gcp_storage_emulator.storage import Storage

    logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
    storage = Storage(use_memory_fs=True)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), _GoogleHandler.made(storage)
    )
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # A client that was killed.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def _amazon() -> str:
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@functools.cache
def start(scheme: str) -> None:
    """Start an emulator, once; programs find it by the environment."""
    if scheme == "s3":
        pytest.importorskip("s3fs", reason="pip install -e '.[test]'")
        pytest.importorskip("moto", reason="pip install -e '.[test]'")
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            VARIABLES["s3"]: _amazon(),
        }
    if scheme == "gs":
        os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
        pytest.importorskip("gcsfs", reason="pip install -e '.[test]'")
        pytest.importorskip(
            "gcp_storage_emulator", reason="pip install -e '.[test]'"
        )
        os.environ[VARIABLES["gs"]] = _google()


def bucket(scheme: str) -> str:
    """Return a folder in a new bucket."""
    import fsspec

    start(scheme)
    name = f"bucket-{os.getpid()}-{next(_NUMBERS)}"
    fsspec.filesystem(scheme).mkdir(name)
    return f"{scheme}://{name}/electra"
