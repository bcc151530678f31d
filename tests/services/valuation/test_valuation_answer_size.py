"""An answer that cannot be sent is refused before anything is stored."""

import pytest

from ecopledge.valuation.v1 import valuation_pb2 as pb
from services.runtime.errors import ResourceExhausted
from services.runtime.settings import MIB, Settings
from services.valuation.servicer import LARGEST_ANSWER_BYTES, sendable


def answer_of(n_mib: int) -> pb.ValueAssetsResponse:
    return pb.ValueAssetsResponse(outcomes=[pb.AssetOutcome(asset_id="x" * MIB)] * n_mib)


def test_an_answer_within_the_limit_passes() -> None:
    answer = answer_of(2)
    assert sendable(answer) is answer


def test_a_larger_one_is_refused_with_what_to_do() -> None:
    with pytest.raises(ResourceExhausted, match="nothing was stored: ask for fewer assets at once"):
        sendable(answer_of(LARGEST_ANSWER_BYTES // MIB + 1))


def test_the_limit_leaves_room_below_what_the_server_sends() -> None:
    assert Settings().max_response_bytes > LARGEST_ANSWER_BYTES
