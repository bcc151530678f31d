import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.type.date_pb2 import Date

from services.runtime.call import acting_for, current_call
from services.runtime.channel import calling, open_channel, receiving
from services.runtime.errors import (
    Cancelled,
    DeadlineExceeded,
    Internal,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from services.runtime.status_table import from_rpc_error
from tests.processes import wait_until

# Any: the stubs ask for the serializers that raw bytes do not need.
connect: Any = open_channel
plain_channel: Any = grpc.insecure_channel
METHOD = "/test.v1.TestService/Do"


def whoami(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    call = current_call()
    return f"{call.institution_id} {call.request_id} {call.method}".encode()


def whoami_stream(_request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    yield whoami(b"", context)
    yield whoami(b"", context)


def test_the_handler_knows_its_call(start: Any) -> None:
    server = start(unary={"Do": whoami})
    with connect(server.address, institution_id="bank-a") as channel:
        answer = channel.unary_unary(METHOD)(b"", metadata=(("x-request-id", "r-7"),))
    assert answer == f"bank-a r-7 {METHOD}".encode()


def test_the_iteration_of_a_stream_knows_its_call(start: Any) -> None:
    server = start(stream={"Do": whoami_stream})
    with connect(server.address, institution_id="bank-a") as channel:
        answers = list(receiving(channel.unary_stream(METHOD)(b"", metadata=(("x-request-id", "r-8"),))))
    assert answers == [f"bank-a r-8 {METHOD}".encode()] * 2


def test_two_calls_at_once_do_not_see_each_other(start: Any) -> None:
    together = threading.Barrier(2)

    def meet(request: bytes, context: grpc.ServicerContext) -> bytes:
        together.wait(5)
        return whoami(request, context)

    server = start(unary={"Do": meet})
    with (
        connect(server.address, institution_id="a") as one,
        connect(server.address, institution_id="b") as two,
    ):
        first = one.unary_unary(METHOD).future(b"")
        second = two.unary_unary(METHOD).future(b"")
        assert (first.result()[:2], second.result()[:2]) == (b"a ", b"b ")


def test_there_is_no_call_outside_of_one() -> None:
    with pytest.raises(Internal, match="no call is being served here"):
        current_call()
    with acting_for("demo"):
        assert current_call().institution_id == "demo"


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ((), "is missing"),
        ((("x-institution-id", ""),), "found ''"),
        ((("x-institution-id", "Bank A"),), "found 'Bank A'"),
        ((("x-institution-id", "a" * 65),), "found 'aaa"),
        ((("x-institution-id", "a\n"),), None),
    ],
)
def test_a_call_without_a_proper_institution_is_refused(
    start: Any, metadata: tuple[tuple[str, str], ...], found: str | None
) -> None:
    server = start(unary={"Do": whoami}, stream={"Stream": whoami_stream})
    if found is None:  # gRPC itself does not let such a value out
        with plain_channel(server.address) as channel, pytest.raises((grpc.RpcError, ValueError)):
            channel.unary_unary(METHOD)(b"", metadata=metadata)
        return
    with plain_channel(server.address) as channel:
        for call in (
            lambda: channel.unary_unary(METHOD)(b"", metadata=metadata),
            lambda: list(channel.unary_stream("/test.v1.TestService/Stream")(b"", metadata=metadata)),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call()
            error = from_rpc_error(caught.value)
            assert isinstance(error, InvalidInput)
            assert [violation.field for violation in error.violations] == ["metadata.x-institution-id"]
            assert found in error.message


def test_an_error_in_the_middle_of_a_stream_is_mapped(start: Any) -> None:
    def stream(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"1"
        yield b"2"
        raise NotFound("loan L3")

    server = start(stream={"Do": stream})
    with connect(server.address, institution_id="demo") as channel:
        responses = receiving(channel.unary_stream(METHOD)(b""))
        assert [next(responses), next(responses)] == [b"1", b"2"]
        with pytest.raises(NotFound, match="loan L3"):
            next(responses)
    assert server.calls()[-1]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("streaming", [False, True])
def test_an_unknown_exception_names_the_request_and_hides_the_rest(start: Any, streaming: bool) -> None:
    def fail(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        raise KeyError("password hunter2")

    def fail_stream(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b""
        raise KeyError("password hunter2")

    server = start(unary={"Do": fail}, stream={"Stream": fail_stream})
    metadata = (("x-request-id", "r-9"),)
    with connect(server.address, institution_id="demo") as channel:
        stub = (
            channel.unary_stream("/test.v1.TestService/Stream") if streaming else channel.unary_unary(METHOD)
        )
        with pytest.raises(Internal) as caught, calling():
            list(stub(b"", metadata=metadata))
    assert "r-9" in caught.value.message
    assert "hunter2" not in caught.value.message
    line = server.calls()[-1]
    assert (line["level"], line["code"], line["request_id"]) == ("error", "INTERNAL", "r-9")
    assert "KeyError: 'password hunter2'" in line["traceback"]


def test_one_log_line_a_call(start: Any) -> None:
    server = start(unary={"Do": whoami})
    with connect(server.address, institution_id="demo") as channel:
        channel.unary_unary(METHOD)(b"", metadata=(("x-request-id", "r-1"),))
    (line,) = server.calls()
    assert {key: line[key] for key in ("level", "method", "code", "institution_id", "request_id")} == {
        "level": "info",
        "method": METHOD,
        "code": "OK",
        "institution_id": "demo",
        "request_id": "r-1",
    }
    assert 0 <= line["ms"] < 5000


def test_the_log_level_silences_calls(start: Any) -> None:
    server = start(unary={"Do": whoami}, log_level="warning")
    with connect(server.address, institution_id="demo") as channel:
        channel.unary_unary(METHOD)(b"")
    assert server.log() == []


def test_a_request_id_that_could_forge_a_log_is_replaced(start: Any) -> None:
    server = start(unary={"Do": whoami})
    with connect(server.address, institution_id="demo") as channel:
        answer = channel.unary_unary(METHOD)(b"", metadata=(("x-request-id", 'x","level":"error'),))
    assert len(answer.split()[1]) == 32


def test_an_unreadable_request_is_the_callers_error(start: Any) -> None:
    handler = grpc.unary_unary_rpc_method_handler(
        lambda _request, _context: b"", request_deserializer=Date.FromString
    )
    server = start(handlers={"Do": handler})
    with (
        connect(server.address, institution_id="demo") as channel,
        pytest.raises(InvalidInput, match="not a readable message"),
        calling(),
    ):
        channel.unary_unary(METHOD)(b"\xff\xff\xff")


def test_a_handler_may_abort_by_itself(start: Any) -> None:
    def abort(_request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort(grpc.StatusCode.NOT_FOUND, "by hand")

    server = start(unary={"Do": abort})
    with (
        connect(server.address, institution_id="demo") as channel,
        pytest.raises(NotFound, match="by hand"),
        calling(),
    ):
        channel.unary_unary(METHOD)(b"")
    assert server.calls()[-1]["code"] == "NOT_FOUND"


def test_request_streams_go_through_the_same_table(start: Any) -> None:
    def total(requests: Iterator[bytes], _context: grpc.ServicerContext) -> bytes:
        found = b"".join(requests)
        if found == b"":
            raise NotFound(current_call().institution_id)
        return found

    def echo(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from requests
        raise NotFound(current_call().institution_id)

    server = start(
        handlers={
            "Total": grpc.stream_unary_rpc_method_handler(total),
            "Echo": grpc.stream_stream_rpc_method_handler(echo),
        }
    )
    with connect(server.address, institution_id="demo") as channel:
        assert channel.stream_unary("/test.v1.TestService/Total")(iter([b"a", b"b"])) == b"ab"
        with pytest.raises(NotFound, match="demo"), calling():
            channel.stream_unary("/test.v1.TestService/Total")(iter([]))
        with pytest.raises(NotFound, match="demo"):
            list(receiving(channel.stream_stream("/test.v1.TestService/Echo")(iter([b"a"]))))


def endless(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
    while True:
        time.sleep(0.01)
        yield b"."


def test_a_stream_without_deadline_ends_at_the_servers_limit(start: Any) -> None:
    server = start(stream={"Do": endless}, default_deadline_s=0.3)
    started_s = time.monotonic()
    with plain_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        list(channel.unary_stream(METHOD)(b"", metadata=(("x-institution-id", "demo"),)))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started_s < 3


def test_long_work_between_responses_sees_the_deadline(start: Any) -> None:
    seen: list[type[Exception]] = []

    def work(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        call = current_call()
        assert call.remaining_s() <= 0.3
        try:
            while True:
                time.sleep(0.01)
                call.check_alive()
        except DeadlineExceeded:
            seen.append(DeadlineExceeded)
            raise

    server = start(unary={"Do": work})
    with connect(server.address, institution_id="demo") as channel:
        with pytest.raises(DeadlineExceeded), calling():
            channel.unary_unary(METHOD)(b"", timeout=0.3)
        wait_until(lambda: seen == [DeadlineExceeded])


def test_work_stops_when_the_caller_goes_away(start: Any) -> None:
    started, stopped = threading.Event(), threading.Event()

    def work(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        call = current_call()
        yield b"first"
        started.set()
        try:
            while True:
                time.sleep(0.01)
                call.check_alive()
        except Cancelled:
            stopped.set()
            raise

    server = start(stream={"Do": work})
    with connect(server.address, institution_id="demo") as channel:
        responses = channel.unary_stream(METHOD)(b"")
        assert next(responses) == b"first"
        assert started.wait(5)
        responses.cancel()
        assert stopped.wait(5)
    wait_until(lambda: [line["code"] for line in server.calls()] == ["CANCELLED"])


def test_work_that_gives_one_answer_stops_when_the_caller_goes_away(start: Any) -> None:
    started, stopped = threading.Event(), threading.Event()

    def work(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        call = current_call()
        started.set()
        try:
            while True:
                time.sleep(0.01)
                call.check_alive()
        except Cancelled:
            stopped.set()
            raise

    server = start(unary={"Do": work})
    with connect(server.address, institution_id="demo") as channel:
        answer = channel.unary_unary(METHOD).future(b"")
        assert started.wait(5)
        answer.cancel()
        assert stopped.wait(5)
    wait_until(lambda: [line["code"] for line in server.calls()] == ["CANCELLED"])


def test_leaving_a_stream_early_cancels_it(start: Any) -> None:
    server = start(stream={"Do": endless})
    with connect(server.address, institution_id="demo") as channel:
        for response in receiving(channel.unary_stream(METHOD)(b"")):
            assert response == b"."
            break
        wait_until(lambda: [line["code"] for line in server.calls()] == ["CANCELLED"])


@pytest.mark.parametrize("token", [None, "x" * 16])
def test_a_call_without_the_token_is_refused(start: Any, token: str | None) -> None:
    expected = "s3cret-s3cret-s3cret"
    server = start(unary={"Do": whoami}, auth_token=expected)
    with (
        connect(server.address, institution_id="demo", auth_token=token) as channel,
        pytest.raises(Unauthenticated) as caught,
        calling(),
    ):
        channel.unary_unary(METHOD)(b"")
    assert "s3cret" not in caught.value.message
    with connect(server.address, institution_id="demo", auth_token=expected) as channel:
        assert channel.unary_unary(METHOD)(b"").startswith(b"demo ")
