"""A real server with handlers of the test's own, and the lines it logs."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from services.runtime.logs import make_logger
from services.runtime.server import Registration, RunningServer, build_server
from services.runtime.settings import load_settings

SERVICE = "test.v1.TestService"


@dataclass(frozen=True)
class TestServer:
    __test__ = False  # not a test class, whatever its name

    running: RunningServer
    log_text: io.StringIO

    @property
    def address(self) -> str:
        return self.running.address

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_text.getvalue().splitlines()]

    def calls(self) -> list[dict[str, Any]]:
        return [line for line in self.log() if line["event"] == "call"]


Starter = Callable[..., TestServer]


@pytest.fixture
def start() -> Iterator[Starter]:
    """``start(unary={...}, stream={...}, **settings)`` runs a server for the length of the test."""
    with contextlib.ExitStack() as stack:

        def starter(
            unary: Mapping[str, Callable[..., bytes]] | None = None,
            stream: Mapping[str, Callable[..., Iterator[bytes]]] | None = None,
            handlers: Mapping[str, Any] | None = None,
            **settings: Any,
        ) -> TestServer:
            methods: dict[str, Any] = dict(handlers or {})
            methods |= {name: grpc.unary_unary_rpc_method_handler(do) for name, do in (unary or {}).items()}
            methods |= {name: grpc.unary_stream_rpc_method_handler(do) for name, do in (stream or {}).items()}

            def add(server: grpc.Server) -> None:
                server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))

            log_text = io.StringIO()
            options = {"listen_address": "127.0.0.1:0", "log_level": "debug"} | settings
            loaded = load_settings(**options)
            logger = make_logger(loaded.log_level, log_text)
            running = stack.enter_context(build_server(loaded, [Registration(SERVICE, add)], logger))
            return TestServer(running, log_text)

        yield starter


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests must not decide their outcome."""
    import os

    for name in list(os.environ):
        if name.startswith("ECOPLEDGE_"):
            monkeypatch.delenv(name)
