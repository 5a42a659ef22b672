"""A loopback web server over a folder, with faults: what real servers and networks do wrong, on request.

``serve(folder)`` answers GET and HEAD, single ranges, ETag and If-None-Match as a good server does, and logs what it
was asked. ``Fault`` makes it a bad one for some paths, always or a few times.
"""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Fault:
    """One thing that goes wrong for paths that match ``pattern`` (fnmatch, without the leading ``/``).

    ``times`` is how often (``None``: always). ``status`` answers that status with ``headers``; ``truncate_at`` sends so
    many bytes of the promised length and closes; ``reset_at`` the same with a TCP reset; ``corrupt`` flips a byte in
    the middle; ``replace`` sends other bytes; ``latency`` waits before the answer, ``chunk_delay`` between pieces of
    ``chunk_size``; ``gate`` sends from the middle on byte by byte, and the last one when it is set; ``ignore_range``
    answers 200 to a range request; ``auth`` (user, password) or ``token`` demand credentials; ``without_length`` leaves
    Content-Length out.
    """

    pattern: str = "*"
    times: int | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    truncate_at: int | None = None
    reset_at: int | None = None
    corrupt: bool = False
    replace: bytes | None = None
    latency: float = 0.0
    chunk_size: int = 16384
    chunk_delay: float = 0.0
    gate: threading.Event | None = None
    ignore_range: bool = False
    auth: tuple[str, str] | None = None
    token: str | None = None
    without_length: bool = False

    def demands(self, authorization: str) -> bool:
        """Whether this fault asks for credentials that ``authorization`` does not hold."""
        if self.auth:
            return authorization != "Basic " + base64.b64encode(":".join(self.auth).encode()).decode()
        return bool(self.token) and authorization != f"Bearer {self.token}"


@dataclass(frozen=True)
class Request:
    """What was asked; ``path`` without the leading ``/`` and query, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """What an application answers."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Application = Callable[[Request], Response | None]


class Server:
    """A running server. ``url`` has no trailing slash; ``log`` is in the order of arrival."""

    def __init__(self, folder: Path | str | None, application: Application | None) -> None:
        self.folder = Path(folder) if folder is not None else None
        self.application = application
        self.faults: list[Fault] = []
        self.log: list[Request] = []
        self.gates: list[threading.Event] = []
        self.active = 0
        self.most_active = 0
        self.lock = threading.Lock()
        self.http = _Listener(("127.0.0.1", 0), _Handler)
        self.http.owner = self  # type: ignore[attr-defined]  # the handler finds its server here
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def fault(self, pattern: str = "*", **what: object) -> Fault:
        """Add a fault and return it; the first that matches a request is the one that happens."""
        fault = Fault(pattern, **what)  # type: ignore[arg-type]  # keywords are Fault's own
        with self.lock:
            self.faults.append(fault)
        return fault

    def hold(self, pattern: str = "*", **what: object) -> threading.Event:
        """Keep back a part of what matches until the event that is returned is set, or the server ends."""
        gate = threading.Event()
        self.fault(pattern, gate=gate, **what)
        self.gates.append(gate)
        return gate

    def clear(self) -> None:
        """Forget all faults and the log."""
        with self.lock:
            self.faults.clear()
            self.log.clear()

    def asked(self, pattern: str = "*") -> list[Request]:
        """Return the logged requests whose path matches."""
        with self.lock:
            return [request for request in self.log if fnmatch.fnmatch(request.path, pattern)]

    def take_fault(self, path: str) -> Fault:
        """Return the fault for this request, counting it, or one that does nothing."""
        with self.lock:
            for fault in self.faults:
                if fault.times != 0 and fnmatch.fnmatch(path, fault.pattern):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return Fault()

    def answer(self, request: Request) -> Response:
        """Answer as a good server does."""
        if self.application is not None and (response := self.application(request)) is not None:
            return response
        return self._file(request.path)

    def _file(self, path: str) -> Response:
        if self.folder is None or ".." in path.split("/"):
            return Response(b"not found\n", 404)
        target = self.folder / path
        if not target.is_file():
            return Response(b"not found\n", 404)
        return Response(target.read_bytes(), headers={"Content-Type": "application/octet-stream"})


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # Of Python's 5, the system drops what more clients ask for while a busy machine accepts none: they time out.
    request_queue_size = 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def handle(self) -> None:
        with contextlib.suppress(ConnectionResetError):  # the client ended, or was killed, between two requests
            super().handle()

    def do_GET(self) -> None:
        self._handle(send_body=True)

    def do_HEAD(self) -> None:
        self._handle(send_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the log is ``Server.log``."""

    def _handle(self, *, send_body: bool) -> None:
        owner: Server = self.server.owner  # type: ignore[attr-defined]  # set by Server
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(parts.path.lstrip("/")), parts.query, headers)
        with owner.lock:
            owner.log.append(request)
            owner.active += 1
            owner.most_active = max(owner.most_active, owner.active)
        try:
            self._respond(owner, request, send_body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client hung up, as cancelled downloads do
        finally:
            with owner.lock:
                owner.active -= 1

    def _respond(self, owner: Server, request: Request, send_body: bool) -> None:
        fault = owner.take_fault(request.path)
        if fault.latency:
            time.sleep(fault.latency)
        if fault.demands(request.headers.get("authorization", "")):
            self._send(
                Response(b"credentials, please\n", 401, {"WWW-Authenticate": 'Basic realm="test"'}), fault, send_body
            )
        elif fault.status is not None:
            self._send(Response(fault.replace or b"fault\n", fault.status, fault.headers), fault, send_body)
        else:
            self._send(_spoil(_ranged(owner.answer(request), request, fault), fault), fault, send_body)

    def _send(self, response: Response, fault: Fault, send_body: bool) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if fault.without_length:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if send_body and response.status != 304:
            self._send_body(response.body, fault)

    def _send_body(self, body: bytes, fault: Fault) -> None:
        cut = fault.truncate_at if fault.truncate_at is not None else fault.reset_at
        body = body if cut is None else body[:cut]
        if fault.chunk_delay:
            for start in range(0, len(body), fault.chunk_size):
                self.wfile.write(body[start : start + fault.chunk_size])
                self.wfile.flush()
                time.sleep(fault.chunk_delay)
        elif fault.gate is not None:
            self._send_held(body, fault.gate)
        else:
            self.wfile.write(body)
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True
        if fault.reset_at is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def _send_held(self, body: bytes, gate: threading.Event) -> None:
        sent = len(body) // 2
        self.wfile.write(body[:sent])
        while not gate.wait(0.1) and sent < len(body) - 1:
            self.wfile.write(body[sent : sent + 1])
            self.wfile.flush()
            sent += 1
        gate.wait()
        self.wfile.write(body[sent:])


def _ranged(response: Response, request: Request, fault: Fault) -> Response:
    """Apply ETag and a single range to a good answer."""
    if response.status != 200:
        return response
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:16]}"'
    headers = {**response.headers, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, headers)
    wanted = request.headers.get("range", "")
    if fault.ignore_range or not wanted.startswith("bytes=") or request.headers.get("if-range", tag) != tag:
        return Response(response.body, 200, headers if fault.ignore_range else {**headers, "Accept-Ranges": "bytes"})
    total = len(response.body)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last), total - 1) if first and last else total - 1
    if start >= total:
        return Response(b"", 416, {"Content-Range": f"bytes */{total}"})
    return Response(response.body[start : end + 1], 206, {**headers, "Content-Range": f"bytes {start}-{end}/{total}"})


def _spoil(response: Response, fault: Fault) -> Response:
    body = response.body
    if fault.replace is not None:
        body = fault.replace
    if fault.corrupt and body:
        middle = len(body) // 2
        body = body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]
    return Response(body, response.status, {**response.headers, **fault.headers})


@contextmanager
def serve(folder: Path | str | None = None, application: Application | None = None) -> Iterator[Server]:
    """Serve a folder (and an application asked first) on a free loopback port until the block ends."""
    server = Server(os.fspath(folder) if folder is not None else None, application)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        for gate in server.gates:
            gate.set()
        server.http.shutdown()
        server.http.server_close()
        thread.join()
