"""Streams of progress and a result: what is told, what is skipped, and that the call ends."""

from collections.abc import Iterator

import pytest

from ecopledge.fund.v1 import fund_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.results import Progress
from services.runtime.wire.stream import result_of, streamed


class Leave(Exception):  # noqa: N818  # a wish, no error
    """Of who no longer listens."""


class Call:
    """The responses of a call, which knows whether it was ended."""

    def __init__(self, *responses: pb.SimulateFundResponse) -> None:
        self.rest = iter(responses)
        self.is_cancelled = False

    def __iter__(self) -> Iterator[pb.SimulateFundResponse]:
        return self.rest

    def cancel(self) -> None:
        self.is_cancelled = True


def sent(*events: Progress | float) -> list[pb.SimulateFundResponse]:
    return list(streamed(pb.SimulateFundResponse, events, lambda called: pb.FundOutcome(called_cny=called)))


def called(result: pb.FundOutcome) -> float:
    return result.called_cny


def test_progress_is_told_and_the_result_comes_back() -> None:
    call, told = Call(*sent(Progress(1, 2), Progress(2, 2), 7.0)), list[Progress]()
    assert result_of(call, called, told.append, "SimulateFund") == 7.0
    assert told == [Progress(1, 2), Progress(2, 2)]
    assert call.is_cancelled


def test_an_event_that_this_version_does_not_know_is_skipped() -> None:
    call = Call(pb.SimulateFundResponse(), *sent(Progress(1, 1), 7.0))
    assert result_of(call, called, None, "SimulateFund") == 7.0


def test_who_listens_may_end_the_call() -> None:
    def leave(_progress: Progress) -> None:
        raise Leave

    call = Call(*sent(Progress(1, 2), 7.0))
    with pytest.raises(Leave):
        result_of(call, called, leave, "SimulateFund")
    assert call.is_cancelled


def test_a_stream_without_a_result_is_an_error() -> None:
    with pytest.raises(Internal, match="SimulateFund: the stream ended without a result"):
        result_of(Call(*sent(Progress(1, 2))), called, None, "SimulateFund")
