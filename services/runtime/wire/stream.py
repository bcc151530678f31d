"""Streams of a long calculation, both ways: how far it is, again and again, and then its result."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, Literal, Protocol, TypeVar

from ecopledge.type.v1 import result_pb2
from services.runtime.channel import receiving
from services.runtime.errors import Internal
from services.runtime.results import Progress
from services.runtime.wire.results import progress_from_wire, progress_to_wire

T = TypeVar("T")
M = TypeVar("M")
R_co = TypeVar("R_co", covariant=True)


class StreamMessage(Protocol[R_co]):
    """A generated message with `oneof event { Progress progress; ... result; }`."""

    @property
    def progress(self) -> result_pb2.Progress:
        """How far it is."""

    @property
    def result(self) -> R_co:
        """What came of it."""

    def WhichOneof(self, oneof_group: Literal["event"], /) -> str | None:  # noqa: N802  # protobuf's name
        """Which of the two it is; None for an event that this version does not know."""


def streamed(
    message: Callable[..., M], events: Iterable[Progress | T], result_to_wire: Callable[[T], Any]
) -> Iterator[M]:
    """The messages of the events of a calculation.

    Args:
        message: type of the messages.
        events: progress, and last the result.
        result_to_wire: translates the result.
    """
    for event in events:
        if isinstance(event, Progress):
            yield message(progress=progress_to_wire(event))
        else:
            yield message(result=result_to_wire(event))


def result_of(
    responses: Iterable[StreamMessage[M]],
    result_from_wire: Callable[[M], T],
    on_progress: Callable[[Progress], None] | None,
    rpc: str,
) -> T:
    """Waits for the result of a call; events that this version does not know are skipped.

    Args:
        responses: of the call, which ends here in any case.
        result_from_wire: translates the result.
        on_progress: told how far it is; what it raises cancels the call.
        rpc: its name, for the error.

    Raises:
        Internal: the stream ended without a result.
    """
    with closing(receiving(responses)) as messages:
        for message in messages:
            match message.WhichOneof("event"):
                case "progress" if on_progress is not None:
                    on_progress(progress_from_wire(message.progress))
                case "result":
                    return result_from_wire(message.result)
    raise Internal(f"{rpc}: the stream ended without a result")
