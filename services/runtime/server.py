"""Builds, announces and stops a gRPC server; the same for every service."""

import errno
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from structlog.typing import FilteringBoundLogger

from services.runtime.addresses import is_loopback, split_address
from services.runtime.errors import FailedPrecondition, InvalidInput
from services.runtime.health import make_health_servicer
from services.runtime.interceptors import CallInterceptor
from services.runtime.logs import make_logger
from services.runtime.settings import Settings

# After the grace, running calls have been cancelled; work that ignores it gets this long.
_STRAGGLERS_S = 2.0
_METADATA_BYTES = 64 * 1024
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Registration:
    """One service of a server.

    Attributes:
        service_name: full name, for example ``ecopledge.loans.v1.LoansService``.
        add: adds the servicer: ``partial(add_LoansServiceServicer_to_server, servicer)``.
    """

    service_name: str
    add: Callable[[grpc.Server], None]


class RunningServer:
    """A server that listens; a context manager that stops it.

    Attributes:
        host: as asked for.
        port: the port in use, also when port 0 was asked for.
    """

    def __init__(
        self,
        *,
        server: grpc.Server,
        threads: ThreadPoolExecutor,
        health_servicer: health.HealthServicer,
        logger: FilteringBoundLogger,
        host: str,
        port: int,
    ) -> None:
        self._server = server
        self._threads = threads
        self._health = health_servicer
        self._logger = logger
        self.host = host
        self.port = port

    @property
    def address(self) -> str:
        """``host:port``, to open a channel to."""
        return f"{self.host}:{self.port}"

    def stop(self, grace_s: float) -> bool:
        """Says NOT_SERVING, refuses new calls, lets running ones finish for ``grace_s``, then cancels them.

        Returns:
            whether every handler has returned; False when one ignores that it was cancelled.
        """
        self._logger.info("stopping", address=self.address, running_calls_may_take_s=grace_s)
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_s).wait()
        # shutdown(wait=True) takes no timeout, hence the thread.
        closing = threading.Thread(target=self._threads.shutdown, daemon=True)
        closing.start()
        closing.join(_STRAGGLERS_S)
        self._logger.info("stopped", address=self.address, clean=not closing.is_alive())
        return not closing.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(0)


def build_server(
    settings: Settings, registrations: Sequence[Registration], logger: FilteringBoundLogger | None = None
) -> RunningServer:
    """Starts a server with the services, health, reflection, error table, log and limits.

    A request above ``settings.max_request_bytes`` is refused by gRPC with RESOURCE_EXHAUSTED before any of it
    is read into a message; so is a response above ``settings.max_response_bytes``.

    Raises:
        FailedPrecondition: the port is in use or may not be used.
        InvalidInput: another host than loopback without TLS and token, or TLS files that cannot be read.
    """
    host, _ = split_address(settings.listen_address)
    credentials = _credentials(settings, host)
    log = make_logger(settings.log_level) if logger is None else logger
    token = None if settings.auth_token is None else settings.auth_token.get_secret_value()
    threads = ThreadPoolExecutor(settings.max_threads, thread_name_prefix="call")
    server = grpc.server(
        threads,
        interceptors=[CallInterceptor(log, default_deadline_s=settings.default_deadline_s, auth_token=token)],
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", settings.max_request_bytes),
            ("grpc.max_send_message_length", settings.max_response_bytes),
            ("grpc.max_metadata_size", _METADATA_BYTES),
        ],
    )
    health_servicer = _register(server, registrations)
    bound = _bind(server, settings.listen_address, credentials)
    server.start()
    for name in ("", *(registration.service_name for registration in registrations)):
        health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    log.info("listening", address=f"{host}:{bound}", tls=credentials is not None)
    return RunningServer(
        server=server, threads=threads, health_servicer=health_servicer, logger=log, host=host, port=bound
    )


def serve(
    settings: Settings,
    registrations: Sequence[Registration],
    *,
    on_stopped: Callable[[], None] | None = None,
) -> None:
    """Runs a server until SIGTERM or SIGINT; what a service's ``__main__`` calls, in the main thread.

    Announces ``{"address": ..., "services": [...]}`` as one JSON line on stdout, and in
    ``settings.ready_path``, once calls are accepted. The first signal stops gracefully within
    ``settings.stop_grace_s``, a second at once.

    Raises:
        FailedPrecondition: the port is in use.
        InvalidInput: see :func:`build_server`.
    """
    # No event to wait for: a handler that breaks into the wait would itself wait for the event's lock, for good.
    asked: list[int] = []
    at_once = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if asked:
            at_once.set()
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    # What was loaded so far stays for good: the collector need not walk through it on every call, and answers about
    # thousands of assets make many objects that die young.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    running = build_server(settings, registrations)
    _announce(running, registrations, settings.ready_path)
    # In short waits: the system may hand a signal to any thread, and Python's handler runs in this one once it wakes.
    while not asked:
        time.sleep(_LOOK_S)
    clean = _stop_unless_asked_again(running, settings.stop_grace_s, at_once)
    if settings.ready_path is not None:
        settings.ready_path.unlink(missing_ok=True)
    if on_stopped is not None and clean:
        on_stopped()
    if not clean:
        # A handler that ignores its cancellation would keep the interpreter waiting for its thread. Every
        # write is a transaction, so ending here leaves nothing half-written.
        sys.stderr.flush()
        os._exit(1)


def _stop_unless_asked_again(running: RunningServer, grace_s: float, at_once: threading.Event) -> bool:
    outcome: list[bool] = []
    stopping = threading.Thread(target=lambda: outcome.append(running.stop(grace_s)), daemon=True)
    stopping.start()
    while stopping.is_alive() and not at_once.is_set():
        stopping.join(0.05)
    return bool(outcome) and outcome[0]


def _announce(running: RunningServer, registrations: Sequence[Registration], ready_path: Path | None) -> None:
    line = json.dumps({"address": running.address, "services": [item.service_name for item in registrations]})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if ready_path is not None:
        ready_path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place: whoever waits for the file never reads half of it.
        draft = ready_path.with_name(ready_path.name + ".new")
        draft.write_text(line + "\n", encoding="utf-8")
        draft.replace(ready_path)


def _register(server: grpc.Server, registrations: Sequence[Registration]) -> health.HealthServicer:
    servicer = make_health_servicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for registration in registrations:
        registration.add(server)
    names = [registration.service_name for registration in registrations]
    reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    return servicer


def _bind(server: grpc.Server, address: str, credentials: grpc.ServerCredentials | None) -> int:
    _check_free(address)
    try:
        if credentials is None:
            bound = server.add_insecure_port(address)
        else:
            bound = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise FailedPrecondition(f"cannot listen on {address}: {error}") from error
    return bound


def _check_free(address: str) -> None:
    """Asks the system first: gRPC writes lines of its own about a taken port and does not say what to do."""
    host, port = split_address(address)
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _name, place in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
    except OSError as error:
        reason = (
            f"port {port} is in use by another process; stop it or set ECOPLEDGE_LISTEN_ADDRESS to a free port"
            if error.errno == errno.EADDRINUSE
            else f"{error.strerror}; set ECOPLEDGE_LISTEN_ADDRESS to an address of this machine and a free port"
        )
        raise FailedPrecondition(f"cannot listen on {address}: {reason}") from error


def _credentials(settings: Settings, host: str) -> grpc.ServerCredentials | None:
    certificate, key = settings.tls_certificate_path, settings.tls_key_path
    if (certificate is None) != (key is None):
        raise InvalidInput(
            "ECOPLEDGE_TLS_CERTIFICATE_PATH and ECOPLEDGE_TLS_KEY_PATH: found only one, expected both"
        )
    if not is_loopback(host) and (certificate is None or settings.auth_token is None):
        raise InvalidInput(
            f"ECOPLEDGE_LISTEN_ADDRESS: {settings.listen_address} is open to other machines; expected a "
            "loopback address, or ECOPLEDGE_TLS_CERTIFICATE_PATH, ECOPLEDGE_TLS_KEY_PATH and "
            "ECOPLEDGE_AUTH_TOKEN"
        )
    if certificate is None or key is None:
        return None
    pair = (
        _read_file("ECOPLEDGE_TLS_KEY_PATH", key),
        _read_file("ECOPLEDGE_TLS_CERTIFICATE_PATH", certificate),
    )
    return grpc.ssl_server_credentials([pair])


def _read_file(variable: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{variable}: cannot read {path}: {error.strerror}") from error
