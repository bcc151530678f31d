"""The one server interceptor: it opens the call context, applies the error table and logs one line a call.

One interceptor instead of a chain of four: each would wrap the handler and read the metadata again, and this
runs on every call. Wrapped handlers are kept, so a call pays for the context, the checks and the log line
only. Health checks pass untouched.
"""

import functools
import hmac
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from structlog.typing import FilteringBoundLogger

from services.runtime.call import CallContext, enter_call
from services.runtime.errors import (
    Cancelled,
    EcopledgeError,
    Internal,
    InvalidInput,
    Unauthenticated,
)
from services.runtime.settings import INSTITUTION_PATTERN
from services.runtime.status_table import (
    DEFAULT_DETAILS_BYTES,
    DETAILS_LIMIT_KEY,
    MAX_DETAILS_BYTES,
    code_of,
    to_grpc_status,
)

INSTITUTION_KEY = "x-institution-id"
REQUEST_ID_KEY = "x-request-id"
AUTHORIZATION_KEY = "authorization"

REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_HEALTH = "/grpc.health.v1.Health/"
_REFLECTION = "/grpc.reflection."
# gRPC reports the remaining time of a call without a deadline as a span of centuries.
_NO_DEADLINE_S = 10 * 365 * 86_400.0
_LOGGED_MESSAGE_CHARS = 2000

# As text: the class is not subscriptable at run time.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
HandlerOrNone: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Behaviour = Callable[[Any, grpc.ServicerContext], Any]


class CallInterceptor(grpc.ServerInterceptor):  # type: ignore[type-arg]  # not subscriptable at run time
    """Wraps every handler of a server.

    Args:
        logger: receives one line a call: method, code, ms, institution, request id.
        default_deadline_s: limit of a call that arrives without a deadline.
        auth_token: when given, every call but health checks must carry it.
    """

    def __init__(
        self, logger: FilteringBoundLogger, *, default_deadline_s: float, auth_token: str | None = None
    ) -> None:
        self._logger = logger
        self._default_deadline_s = default_deadline_s
        self._authorization = None if auth_token is None else f"Bearer {auth_token}".encode()
        self._wrapped: dict[str, tuple[Handler, Handler]] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], HandlerOrNone],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> HandlerOrNone:
        """Called by gRPC once a call; returns the wrapped handler, made at the first call of its method."""
        handler = continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(_HEALTH):
            return handler
        known = self._wrapped.get(method)
        if known is None or known[0] is not handler:
            known = self._wrapped[method] = (handler, self._wrap(method, handler))
        return known[1]

    def _wrap(self, method: str, handler: Handler) -> Handler:
        read = handler.request_deserializer
        if handler.request_streaming:
            behaviour, read_in_call = handler.stream_stream or handler.stream_unary, None
        else:
            # Read inside the call, so that unreadable bytes are the caller's error and not an INTERNAL one.
            behaviour, read_in_call, read = handler.unary_stream or handler.unary_unary, read, None
        assert behaviour is not None  # noqa: S101  # gRPC builds no handler without its behaviour; tells mypy
        answer = self._answer_stream if handler.response_streaming else self._answer_once
        wrapped = functools.partial(answer, method, read_in_call, behaviour)
        make = _MAKE_HANDLER[handler.request_streaming, handler.response_streaming]
        made: Handler = make(
            wrapped, request_deserializer=read, response_serializer=handler.response_serializer
        )
        return made

    def _answer_once(
        self,
        method: str,
        read: Callable[[bytes], Any] | None,
        behaviour: Behaviour,
        request: Any,
        context: grpc.ServicerContext,
    ) -> Any:
        started_s = time.perf_counter()
        metadata: dict[str, Any] = dict(context.invocation_metadata())
        call = self._open_call(method, metadata, context)
        try:
            self._admit(call, metadata)
            response = behaviour(_read(read, request), context)
        except Exception as error:  # noqa: BLE001  # the table must see every error of a handler
            self._end_with_error(call, started_s, context, error)
        self._log(call, started_s, "OK")
        return response

    def _answer_stream(
        self,
        method: str,
        read: Callable[[bytes], Any] | None,
        behaviour: Behaviour,
        request: Any,
        context: grpc.ServicerContext,
    ) -> Iterator[Any]:
        started_s = time.perf_counter()
        metadata: dict[str, Any] = dict(context.invocation_metadata())
        call = self._open_call(method, metadata, context)
        try:
            self._admit(call, metadata)
            for response in behaviour(_read(read, request), context):
                call.check_alive()
                yield response
        except GeneratorExit:  # gRPC stopped iterating: nobody waits for the rest
            self._log(call, started_s, "CANCELLED" if call.remaining_s() > 0 else "DEADLINE_EXCEEDED")
            raise
        except Exception as error:  # noqa: BLE001  # the table must see every error of an iteration
            self._end_with_error(call, started_s, context, error)
        self._log(call, started_s, "OK")

    def _open_call(self, method: str, metadata: dict[str, Any], context: grpc.ServicerContext) -> CallContext:
        request_id = metadata.get(REQUEST_ID_KEY)
        if request_id is None or REQUEST_ID_PATTERN.fullmatch(request_id) is None:
            request_id = uuid.uuid4().hex
        remaining_s = context.time_remaining()
        if remaining_s is None or remaining_s > _NO_DEADLINE_S:
            remaining_s = self._default_deadline_s
        return CallContext(
            institution_id=metadata.get(INSTITUTION_KEY, ""),
            request_id=request_id,
            method=method,
            deadline_s=time.monotonic() + remaining_s,
            is_active=context.is_active,
        )

    def _admit(self, call: CallContext, metadata: dict[str, Any]) -> None:
        self._check_token(metadata.get(AUTHORIZATION_KEY))
        if not call.method.startswith(_REFLECTION):
            _check_institution(metadata.get(INSTITUTION_KEY))
        enter_call(call)

    def _check_token(self, found: str | bytes | None) -> None:
        if self._authorization is None:
            return
        given = found.encode() if isinstance(found, str) else found
        if given is None or not hmac.compare_digest(given, self._authorization):
            state = "missing" if given is None else "not the server's"
            raise Unauthenticated(
                f"metadata {AUTHORIZATION_KEY}: the token is {state}, expected 'Bearer <token>'"
            )

    def _end_with_error(
        self, call: CallContext, started_s: float, context: grpc.ServicerContext, error: Exception
    ) -> NoReturn:
        aborted = _aborted_code(context)
        if aborted is not None:  # the handler ended the call itself, through context.abort
            self._log(call, started_s, aborted.name)
            raise error
        if isinstance(error, EcopledgeError):
            reported = error
            unexpected: Exception | None = error if isinstance(error, Internal) else None
        else:
            reported = Internal(f"internal error; the server's log has it under request id {call.request_id}")
            unexpected = error
        self._log(call, started_s, code_of(reported).name, reported, unexpected)
        if isinstance(reported, Cancelled) and not context.is_active():
            raise reported  # nobody is left to receive a status
        context.abort_with_status(to_grpc_status(reported, _details_limit(context)))

    def _log(
        self,
        call: CallContext,
        started_s: float,
        code: str,
        reported: EcopledgeError | None = None,
        unexpected: Exception | None = None,
    ) -> None:
        values: dict[str, Any] = {
            "method": call.method,
            "code": code,
            "ms": round((time.perf_counter() - started_s) * 1000, 3),
            "institution_id": call.institution_id,
            "request_id": call.request_id,
        }
        if reported is not None:
            values["message"] = reported.message[:_LOGGED_MESSAGE_CHARS]
        if unexpected is not None:
            self._logger.error("call", **values, error=unexpected)
        elif call.method.startswith(_REFLECTION):
            self._logger.debug("call", **values)
        else:
            self._logger.info("call", **values)


_MAKE_HANDLER: dict[tuple[bool, bool], Callable[..., Handler]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def _check_institution(found: str | bytes | None) -> None:
    if found is None:
        raise InvalidInput.of(
            f"metadata.{INSTITUTION_KEY}", "is missing, expected the id of the institution that asks"
        )
    if not isinstance(found, str) or INSTITUTION_PATTERN.fullmatch(found) is None:
        raise InvalidInput.of(
            f"metadata.{INSTITUTION_KEY}", f"found {found!r}, expected 1 to 64 of a-z, 0-9 and -"
        )


def _read(read: Callable[[bytes], Any] | None, request: Any) -> Any:
    if read is None:
        return request
    try:
        return read(request)
    except DecodeError as error:
        raise InvalidInput(f"the request is not a readable message of its type: {error}") from error


def _details_limit(context: grpc.ServicerContext) -> int:
    announced = dict(context.invocation_metadata()).get(DETAILS_LIMIT_KEY)
    if isinstance(announced, str) and announced.isascii() and announced.isdecimal() and len(announced) < 10:
        return min(int(announced), MAX_DETAILS_BYTES)
    return DEFAULT_DETAILS_BYTES


def _aborted_code(context: grpc.ServicerContext) -> grpc.StatusCode | None:
    code: grpc.StatusCode | None = context.code()  # type: ignore[attr-defined]  # absent from the stubs only
    return None if code is None or code is grpc.StatusCode.OK else code
