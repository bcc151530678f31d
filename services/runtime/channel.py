"""The client's half: a channel with retries, deadlines and metadata; domain errors, not ``grpc.RpcError``.

>>> with open_channel("127.0.0.1:50551", institution_id="demo") as channel:  # doctest: +SKIP
...     stub = LoansServiceStub(channel)
...     with calling():
...         response = stub.ListLoans(request)
"""

import contextlib
import json
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc

from services.runtime.addresses import is_loopback, split_address
from services.runtime.errors import InvalidInput
from services.runtime.settings import INSTITUTION_PATTERN, MIB, Settings
from services.runtime.status_table import DETAILS_LIMIT_KEY, MAX_DETAILS_BYTES, from_rpc_error

T = TypeVar("T")
Metadata = tuple[tuple[str, str | bytes], ...]
_METADATA_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a call that ended in UNAVAILABLE is repeated; no other status is.

    Attributes:
        max_attempts: the first call included, at most 5 (a limit of gRPC); 1 switches retries off.
        initial_backoff_s: longest wait before the second attempt; each wait is random below its bound.
        max_backoff_s: bound of every wait.
        multiplier: growth of the bound from one attempt to the next.
    """

    max_attempts: int = 5
    initial_backoff_s: float = 0.1
    max_backoff_s: float = 2.0
    multiplier: float = 2.0


def open_channel(
    target: str,
    *,
    institution_id: str,
    timeout_s: float = 300.0,
    auth_token: str | None = None,
    tls_ca_path: Path | None = None,
    max_request_bytes: int = 32 * MIB,
    max_response_bytes: int = 128 * MIB,
    wait_for_ready: bool = False,
    retry: RetryPolicy = RetryPolicy(),
) -> grpc.Channel:
    """A channel on which every call carries the institution, a request id, the token and a deadline.

    Args:
        target: ``host:port``.
        institution_id: whom the calls are made for.
        timeout_s: deadline of a call that gives none itself.
        auth_token: sent as ``authorization: Bearer``.
        tls_ca_path: PEM roots to trust; None connects without TLS.
        max_request_bytes: as on the server; a larger request is refused without sending it.
        max_response_bytes: as on the server.
        wait_for_ready: wait for the server up to the deadline rather than fail at once when it is not there.
        retry: for UNAVAILABLE only.

    Raises:
        InvalidInput: an institution id of another form, roots that cannot be read, or a token without TLS to
            another machine.
    """
    if INSTITUTION_PATTERN.fullmatch(institution_id) is None:
        raise InvalidInput.of(
            "institution_id", f"found {institution_id!r}, expected 1 to 64 of a-z, 0-9 and -"
        )
    options = [
        ("grpc.service_config", _service_config(retry)),
        ("grpc.enable_retries", 1 if retry.max_attempts > 1 else 0),
        ("grpc.max_receive_message_length", max_response_bytes),
        ("grpc.max_send_message_length", max_request_bytes),
        ("grpc.max_metadata_size", _METADATA_BYTES),
    ]
    if tls_ca_path is None:
        if auth_token is not None and not is_loopback(split_address(target)[0]):
            raise InvalidInput(
                f"the token would travel in the clear to {target}; expected ECOPLEDGE_TLS_CA_PATH to be set"
            )
        channel = grpc.insecure_channel(target, options)
    else:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(_read_roots(tls_ca_path)), options)
    metadata: Metadata = (
        ("x-institution-id", institution_id),
        (DETAILS_LIMIT_KEY, str(MAX_DETAILS_BYTES)),
    )
    if auth_token is not None:
        metadata += (("authorization", f"Bearer {auth_token}"),)
    return grpc.intercept_channel(channel, _CallDetailsInterceptor(metadata, timeout_s, wait_for_ready))


def open_channel_from(settings: Settings, target: str | None = None, **changes: Any) -> grpc.Channel:
    """A channel as the settings describe it, to ``target`` or else to ``settings.listen_address``."""
    arguments: dict[str, Any] = {
        "institution_id": settings.institution_id,
        "timeout_s": settings.default_deadline_s,
        "auth_token": None if settings.auth_token is None else settings.auth_token.get_secret_value(),
        "tls_ca_path": settings.tls_ca_path,
        "max_request_bytes": settings.max_request_bytes,
        "max_response_bytes": settings.max_response_bytes,
    }
    return open_channel(settings.listen_address if target is None else target, **(arguments | changes))


@contextlib.contextmanager
def calling() -> Iterator[None]:
    """Turns the ``grpc.RpcError`` of the calls inside into the domain error that the server raised.

    Also a decorator: ``@calling()``. For a response stream, iterate inside, or use :func:`receiving`.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error


def receiving(responses: Iterable[T]) -> Generator[T]:
    """The responses of a streaming call, with domain errors; leaving the loop early cancels the call."""
    try:
        with calling():
            yield from responses
    finally:
        cancel = getattr(responses, "cancel", None)
        if cancel is not None:
            cancel()


@dataclass(frozen=True, slots=True)
class _CallDetails(grpc.ClientCallDetails):
    method: str
    timeout: float | None
    metadata: Metadata | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class _CallDetailsInterceptor(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[type-arg]  # none of the four is subscriptable at run time
    grpc.UnaryStreamClientInterceptor,  # type: ignore[type-arg]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[type-arg]
    grpc.StreamStreamClientInterceptor,  # type: ignore[type-arg]
):
    """Completes the details of each call; what the caller gave itself wins."""

    def __init__(self, metadata: Metadata, timeout_s: float, wait_for_ready: bool) -> None:
        self._metadata = metadata
        self._timeout_s = timeout_s
        self._wait_for_ready = wait_for_ready or None

    def _completed(self, details: grpc.ClientCallDetails) -> _CallDetails:
        given: Metadata = tuple(details.metadata or ())
        keys = {key for key, _ in given}
        added = tuple(pair for pair in self._metadata if pair[0] not in keys)
        if "x-request-id" not in keys:
            added += (("x-request-id", uuid.uuid4().hex),)
        return _CallDetails(
            method=details.method,
            timeout=self._timeout_s if details.timeout is None else details.timeout,
            metadata=given + added,
            credentials=details.credentials,
            wait_for_ready=self._wait_for_ready if details.wait_for_ready is None else details.wait_for_ready,
            compression=details.compression,
        )

    def intercept_unary_unary(
        self,
        continuation: Callable[[Any, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        return continuation(self._completed(client_call_details), request)

    def intercept_unary_stream(
        self,
        continuation: Callable[[Any, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        return continuation(self._completed(client_call_details), request)

    def intercept_stream_unary(
        self,
        continuation: Callable[[Any, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Any],
    ) -> Any:
        return continuation(self._completed(client_call_details), request_iterator)

    def intercept_stream_stream(
        self,
        continuation: Callable[[Any, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Any],
    ) -> Any:
        return continuation(self._completed(client_call_details), request_iterator)


def _service_config(retry: RetryPolicy) -> str:
    method: dict[str, Any] = {"name": [{}]}
    if retry.max_attempts > 1:
        method["retryPolicy"] = {
            "maxAttempts": retry.max_attempts,
            "initialBackoff": f"{retry.initial_backoff_s}s",
            "maxBackoff": f"{retry.max_backoff_s}s",
            "backoffMultiplier": retry.multiplier,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
    return json.dumps({"methodConfig": [method]})


def _read_roots(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"ECOPLEDGE_TLS_CA_PATH: cannot read {path}: {error.strerror}") from error
