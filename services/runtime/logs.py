"""Structured log lines: one JSON object a line, to stderr, so that stdout stays for output."""

import json
import logging
import sys
import traceback
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger


def make_logger(level: str, stream: TextIO | None = None) -> FilteringBoundLogger:
    """A logger that writes JSON lines; nothing global is configured.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        stream: where to, by default the stderr of this moment.
    """
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr if stream is None else stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _render_traceback,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    return logger.bind()


def _render_traceback(_logger: object, _method: str, event: EventDict) -> EventDict:
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["traceback"] = "".join(traceback.format_exception(error))
    elif error is not None:
        event["error"] = error
    return event


def _to_json(event: EventDict, **_options: Any) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=str).decode()
    except (
        UnicodeEncodeError
    ):  # half a surrogate pair, from a file name for example; a log line must never fail
        return json.dumps(event, default=str)
