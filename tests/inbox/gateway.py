"""A real gateway on loopback, plain or with TLS: it keeps a ledger of what it took and does what the path says.

`/later` answers 503, `/busy` 429, `/refuse` 422, `/gone` 410, `/away` redirects, `/flood` answers a megabyte, `/drop` takes
all and hangs up, `/hang` takes all and says nothing, `/drip` says it byte by byte.
"""

import hmac
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

SECRET = "s" * 40
ANSWERS = {"/later": 503, "/busy": 429, "/refuse": 422, "/gone": 410, "/flood": 200}


@dataclass
class GatewaySink:
    ledger: list[str] = field(default_factory=list)
    parcels: list[dict[str, Any]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    forged: int = 0
    port: int = 0
    over: Event = field(default_factory=Event)

    def took(self, headers: Any, body: bytes) -> None:
        signed = f"{headers['Huiyin-Time']}.{headers['Huiyin-Key']}.".encode() + body
        good = f"sha256={hmac.new(SECRET.encode(), signed, sha256).hexdigest()}"
        self.forged += not hmac.compare_digest(good, headers["Huiyin-Signature"])
        self.ledger.append(headers["Huiyin-Key"])
        self.parcels.append(json.loads(body))
        self.hosts.append(headers["Host"])


def _handler(sink: GatewaySink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            return

        def do_POST(self) -> None:
            sink.paths.append(self.path)
            sink.took(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            with suppress(OSError):
                self.answer()

        def do_GET(self) -> None:
            sink.paths.append(self.path)

        def answer(self) -> None:
            match self.path:
                case "/drop":
                    self.close_connection = True
                case "/hang":
                    sink.over.wait(20)
                case "/drip":
                    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500:
                        self.wfile.write(bytes([byte]))
                        if sink.over.wait(0.05):
                            return
                case "/away":
                    self.send_response(307)
                    self.send_header("Location", f"http://127.0.0.1:{sink.port}/elsewhere")
                    self.end_headers()
                case path:
                    body = b"x" * 2**20 if path == "/flood" else b"{}"
                    self.send_response(ANSWERS.get(path, 200))
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

    return Handler


@contextmanager
def running_gateway(certificate: Path | None = None) -> Iterator[GatewaySink]:
    sink = GatewaySink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(sink))
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    sink.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield sink
    finally:
        sink.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
