"""A store that fails: what stands before an emulator and passes requests on."""

import collections
import http.client
import http.server
import random
import socket
import struct
import threading
import time
import urllib.parse

# The share of requests that each befalls.
FAULTS = {
    "503": 0.08,  # Refused for now.
    "reset": 0.04,  # The connection ends before anything is done.
    "lost": 0.04,  # All is done, and the answer does not arrive.
    "cut": 0.04,  # Half of the answer arrives; of a write, half of it went.
    "slow": 0.04,
}
SECONDS = 0.5  # Of a slow one.
_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class FaultyStore:
    """Passes requests on to a server, some of them not as they should be.

    Args:
        target: address of the server.
        seed: of the draws.

    Attributes:
        address: its own.
        faults: how many there were, by kind.
        traffic: requests and bytes, by method.
    """

    def __init__(self, target: str, seed: int, shares=None):
        self.shares = FAULTS if shares is None else shares
        self.faults = collections.Counter()
        self.traffic = collections.Counter()
        self._target = urllib.parse.urlsplit(target).netloc
        self._draw, self._lock = random.Random(seed), threading.Lock()
        handler = type("Handler", (_Handler,), {"store": self})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.handle_error = lambda *args: None  # A client that was killed.
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{server.server_port}"

    def fault(self) -> str | None:
        with self._lock:
            number = self._draw.random()
            for kind, share in self.shares.items():
                number -= share
                if number < 0:
                    self.faults[kind] += 1
                    return kind
        return None

    def answer(self, method: str, path: str, headers: dict, body: bytes):
        connection = http.client.HTTPConnection(self._target, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        with self._lock:
            self.traffic[method] += 1
            self.traffic[f"{method} bytes"] += len(body) + len(content)
        connection.close()
        return answer.status, answer.getheaders(), content


class _Handler(http.server.BaseHTTPRequestHandler):
    store: FaultyStore
    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        body = self._body()
        kind = self.store.fault()
        if kind == "reset" or (kind == "cut" and body):
            return self._reset()
        if kind == "503":
            return self._send(503, [], b"")
        if kind == "slow":
            time.sleep(SECONDS)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in _HOP
        }
        status, sent, content = self.store.answer(
            self.command, self.path, headers, body
        )
        if kind == "lost":
            return self._reset()
        self._send(status, sent, content, cut=kind == "cut")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _pass_on  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status, headers, content: bytes, cut: bool = False):
        self.send_response_only(status)
        length = str(len(content))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self._reset()

    def _reset(self):
        self.wfile.flush()
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, *args):
        pass
