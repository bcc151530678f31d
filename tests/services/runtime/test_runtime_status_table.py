import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from services.runtime import errors
from services.runtime.channel import RetryPolicy, calling, open_channel
from services.runtime.errors import EcopledgeError, FieldViolation, InvalidInput
from services.runtime.status_table import CODE_BY_ERROR, ERROR_BY_CODE, code_of, from_rpc_error

# Any: the stubs ask for the serializers that raw bytes do not need.
connect: Any = open_channel
plain_channel: Any = grpc.insecure_channel
FAIL = "/test.v1.TestService/Fail"
DEMO = (("x-institution-id", "demo"),)


def tree(cls: type[EcopledgeError]) -> set[type[EcopledgeError]]:
    children = [child for child in cls.__subclasses__() if child.__module__ == errors.__name__]
    return {cls}.union(*map(tree, children))


def raising(error: Exception) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    def fail(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        raise error

    return fail


def test_every_error_of_the_tree_is_mapped_and_drawn() -> None:
    leaves = tree(EcopledgeError) - {EcopledgeError}
    assert set(CODE_BY_ERROR) == leaves - {errors.Unreachable}  # a client's alone, with its parent's code
    drawing = errors.__doc__ or ""
    assert [leaf for leaf in leaves if f"+-- {leaf.__name__} " not in drawing] == []


def test_two_errors_never_share_a_code() -> None:
    assert len(set(CODE_BY_ERROR.values())) == len(CODE_BY_ERROR)


def test_every_code_but_ok_has_an_error() -> None:
    assert set(ERROR_BY_CODE) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


def test_an_error_of_one_service_has_the_code_of_its_parent() -> None:
    class UnknownPledge(errors.NotFound):
        pass

    assert code_of(UnknownPledge("P1")) is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("cls", list(CODE_BY_ERROR))
def test_an_error_comes_back_as_itself(start: Any, cls: type[EcopledgeError]) -> None:
    server = start(unary={"Fail": raising(cls("贷款 L1: found 3, expected 4"))})
    with (
        connect(server.address, institution_id="demo", retry=RetryPolicy(max_attempts=1)) as channel,
        pytest.raises(cls) as caught,
        calling(),
    ):
        channel.unary_unary(FAIL)(b"")
    assert type(caught.value) is cls
    assert caught.value.message == "贷款 L1: found 3, expected 4"


def test_all_field_paths_come_back(start: Any) -> None:
    violations = tuple(
        FieldViolation(f"assets[{i}].area_ha", f"found -{i}.5, expected 0 or more") for i in range(300)
    )
    server = start(unary={"Fail": raising(InvalidInput.from_violations(violations))})
    with (
        connect(server.address, institution_id="demo") as channel,
        pytest.raises(InvalidInput) as caught,
        calling(),
    ):
        channel.unary_unary(FAIL)(b"")
    assert caught.value.violations == violations
    assert caught.value.message.endswith("; and 297 more")


def test_a_client_with_default_limits_gets_the_first_paths_and_the_count_of_the_rest(start: Any) -> None:
    violations = tuple(FieldViolation(f"资产[{i}].面积", "发现负数" * 5) for i in range(5000))
    server = start(unary={"Fail": raising(InvalidInput.from_violations(violations))})
    with plain_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(FAIL)(b"", metadata=DEMO)
    error = from_rpc_error(caught.value)
    assert isinstance(error, InvalidInput)
    *shown, rest = error.violations
    assert tuple(shown) == violations[: len(shown)]
    assert len(shown) > 20
    assert rest.description == f"and {5000 - len(shown)} more violations in this request"


@pytest.mark.parametrize("text", ["x", "贷", "\n", "\ud800"])
def test_a_long_message_is_cut_and_arrives(start: Any, text: str) -> None:
    server = start(unary={"Fail": raising(errors.NotFound("no " + text * 100_000))})
    with plain_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(FAIL)(b"", metadata=DEMO)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    details = caught.value.details() or ""
    assert details.startswith("no ")
    assert details.endswith("…")


def test_a_call_that_takes_too_long_says_what_to_do_instead(start: Any) -> None:
    release = threading.Event()

    def wait(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        release.wait(10.0)
        return b""

    server = start(unary={"Fail": wait})
    try:
        with (
            connect(server.address, institution_id="demo", timeout_s=0.2) as channel,
            pytest.raises(
                errors.DeadlineExceeded, match=r"ECOPLEDGE_DEFAULT_DEADLINE_S.* fewer paths, worlds"
            ),
            calling(),
        ):
            channel.unary_unary(FAIL)(b"")
    finally:
        release.set()


def test_a_server_that_is_not_there_is_unreachable() -> None:
    retry = RetryPolicy(max_attempts=2, initial_backoff_s=0.01, max_backoff_s=0.01)
    with (
        connect("127.0.0.1:1", institution_id="demo", retry=retry) as channel,
        pytest.raises(errors.Unreachable),
        calling(),
    ):
        channel.unary_unary(FAIL)(b"")


def test_a_method_that_is_not_there_is_a_failed_precondition(start: Any) -> None:
    server = start()
    with (
        connect(server.address, institution_id="demo") as channel,
        pytest.raises(errors.FailedPrecondition, match="Method not found"),
        calling(),
    ):
        channel.unary_unary(FAIL)(b"")
