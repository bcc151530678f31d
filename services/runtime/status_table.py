"""The one table between domain errors and gRPC status codes, and the two translations that use it.

On the wire an error is a ``google.rpc.Status``; an :class:`InvalidInput` adds a ``google.rpc.BadRequest``
with its field paths. :func:`to_grpc_status` is the server's half, :func:`from_rpc_error` the client's.
"""

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.runtime import errors
from services.runtime.errors import EcopledgeError, FieldViolation, InvalidInput

CODE_BY_ERROR: dict[type[EcopledgeError], grpc.StatusCode] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.Conflict: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Cancelled: grpc.StatusCode.CANCELLED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}

# Codes that this system never sends but a proxy or the gRPC library may.
_FOREIGN_CODES: dict[grpc.StatusCode, type[EcopledgeError]] = {
    grpc.StatusCode.OUT_OF_RANGE: errors.InvalidInput,
    grpc.StatusCode.ABORTED: errors.Conflict,
    grpc.StatusCode.UNIMPLEMENTED: errors.FailedPrecondition,
    grpc.StatusCode.UNKNOWN: errors.Internal,
    grpc.StatusCode.DATA_LOSS: errors.Internal,
}

ERROR_BY_CODE: dict[grpc.StatusCode, type[EcopledgeError]] = {
    code: error for error, code in CODE_BY_ERROR.items()
} | _FOREIGN_CODES

# A status travels in the trailers, and a client that does not raise its own limit drops trailers above 8 KiB.
# So the details stop in time, and the last violation says how many are left out. A client that can take more
# says so in its metadata; the channels of ``services/runtime/channel.py`` do.
DETAILS_LIMIT_KEY = "x-error-details-bytes"
DEFAULT_DETAILS_BYTES = 4 * 1024
MAX_DETAILS_BYTES = 32 * 1024
_MAX_MESSAGE_BYTES = 2 * 1024


def code_of(error: EcopledgeError) -> grpc.StatusCode:
    """The status code of an error; a class made for one service inherits the code of its nearest parent."""
    for cls in type(error).__mro__:
        code = CODE_BY_ERROR.get(cls)
        if code is not None:
            return code
    return grpc.StatusCode.INTERNAL


def to_grpc_status(error: EcopledgeError, max_details_bytes: int = DEFAULT_DETAILS_BYTES) -> grpc.Status:
    """What a server sends for an error.

    Args:
        error: its message is cut when it is too long for a trailer.
        max_details_bytes: how many bytes of field violations the client can take.

    Returns:
        a status for ``context.abort_with_status``, with a ``google.rpc.BadRequest`` for field violations.
    """
    code = code_of(error).value[0]
    status = status_pb2.Status(code=code, message=_shortened(error.message))
    if isinstance(error, InvalidInput) and error.violations:
        status.details.add().Pack(_bad_request(error.violations, max_details_bytes))
    return rpc_status.to_status(status)


def from_rpc_error(error: grpc.RpcError) -> EcopledgeError:
    """The domain error behind a ``grpc.RpcError``, with the field violations if the server sent any."""
    cls = ERROR_BY_CODE.get(error.code(), errors.Internal)
    message = error.details() or error.code().name
    if cls is InvalidInput:
        return InvalidInput(message, _violations(error))
    if cls is errors.Unavailable and not _has_answered(error):
        return errors.Unreachable(message)
    if cls is errors.DeadlineExceeded and not _has_answered(error):
        return errors.DeadlineExceeded(f"no answer within the deadline of the call: {errors.MORE_TIME}")
    return cls(message)


def _has_answered(error: grpc.RpcError) -> bool:
    """Whether the status is a server's own: it sends its status in the trailers, the library itself does not."""
    try:
        return rpc_status.from_call(error) is not None  # type: ignore[arg-type]  # every RpcError of a channel is a Call
    except ValueError:
        return True


def _bad_request(violations: tuple[FieldViolation, ...], max_bytes: int) -> error_details_pb2.BadRequest:
    detail = error_details_pb2.BadRequest()
    size = 0
    for index, violation in enumerate(violations):
        field, description = _shortened(violation.field), _shortened(violation.description)
        size += len(field.encode()) + len(description.encode()) + 8
        if size > max_bytes and index > 0:
            detail.field_violations.add(
                field="", description=f"and {len(violations) - index} more violations in this request"
            )
            break
        detail.field_violations.add(field=field, description=description)
    return detail


def _shortened(text: str) -> str:
    # Trailers are percent-encoded: every byte that is not printable ASCII takes three.
    if len(text) * 9 <= _MAX_MESSAGE_BYTES and text.isascii():
        return text
    room = _MAX_MESSAGE_BYTES
    kept: list[str] = []
    for char in text.encode("utf-8", "replace").decode():
        room -= 1 if " " <= char <= "~" else 3 * len(char.encode())
        if room < 0:
            return "".join(kept) + "…"
        kept.append(char)
    return "".join(kept)


def _violations(error: grpc.RpcError) -> list[FieldViolation]:
    try:
        # Every RpcError that a channel raises is a grpc.Call too; the library's types do not say so.
        status = rpc_status.from_call(error)  # type: ignore[arg-type]
    except ValueError:
        return []  # the status in the trailers contradicts the code: trust the code alone
    found: list[FieldViolation] = []
    for packed in () if status is None else status.details:
        detail = error_details_pb2.BadRequest()
        if packed.Unpack(detail):
            found.extend(FieldViolation(item.field, item.description) for item in detail.field_violations)
    return found
