"""A stand-in for the virus scanner, at the edge of the network."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest


class Clamd:
    def __init__(self) -> None:
        self.answer = b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.server.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line, line.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                while size := struct.unpack("!I", stream.read(4))[0]:
                    stream.read(size)
                line.sendall(self.answer)


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    server = Clamd()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.server.shutdown(socket.SHUT_RDWR)
    server.server.close()
    thread.join(5)
