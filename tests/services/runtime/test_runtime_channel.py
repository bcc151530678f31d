import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.runtime.channel import RetryPolicy, calling, open_channel, open_channel_from
from services.runtime.errors import (
    Conflict,
    DeadlineExceeded,
    EcopledgeError,
    Internal,
    InvalidInput,
    ResourceExhausted,
    Unavailable,
)
from services.runtime.settings import load_settings

# Any: the stubs ask for the serializers that raw bytes do not need.
connect: Any = open_channel
connect_from: Any = open_channel_from
DO = "/test.v1.TestService/Do"
QUICK = RetryPolicy(max_attempts=4, initial_backoff_s=0.01, max_backoff_s=0.02)


class Flaky:
    """Fails a number of times with one error and then answers."""

    def __init__(self, error: EcopledgeError, failures: int) -> None:
        self._error = error
        self._failures = failures
        self.calls = 0

    def __call__(self, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error
        return b"done"


def test_unavailable_is_retried(start: Any) -> None:
    handler = Flaky(Unavailable("busy"), failures=3)
    server = start(unary={"Do": handler})
    with connect(server.address, institution_id="demo", retry=QUICK) as channel:
        assert channel.unary_unary(DO)(b"") == b"done"
    assert handler.calls == 4


def test_retries_end(start: Any) -> None:
    handler = Flaky(Unavailable("busy"), failures=100)
    server = start(unary={"Do": handler})
    with (
        connect(server.address, institution_id="demo", retry=QUICK) as channel,
        pytest.raises(Unavailable, match="busy"),
        calling(),
    ):
        channel.unary_unary(DO)(b"")
    assert handler.calls == 4


@pytest.mark.parametrize(
    "error", [Internal("i"), InvalidInput("v"), Conflict("c"), ResourceExhausted("r"), DeadlineExceeded("d")]
)
def test_nothing_else_is_retried(start: Any, error: EcopledgeError) -> None:
    handler = Flaky(error, failures=1)
    server = start(unary={"Do": handler})
    with (
        connect(server.address, institution_id="demo", retry=QUICK) as channel,
        pytest.raises(type(error)),
        calling(),
    ):
        channel.unary_unary(DO)(b"")
    assert handler.calls == 1


def test_retries_can_be_switched_off(start: Any) -> None:
    handler = Flaky(Unavailable("busy"), failures=1)
    server = start(unary={"Do": handler})
    with (
        connect(server.address, institution_id="demo", retry=RetryPolicy(max_attempts=1)) as channel,
        pytest.raises(Unavailable),
        calling(),
    ):
        channel.unary_unary(DO)(b"")
    assert handler.calls == 1


def test_every_call_has_a_deadline(start: Any) -> None:
    seen: list[float] = []

    def remember(_request: bytes, context: grpc.ServicerContext) -> bytes:
        seen.append(context.time_remaining() or 0)
        return b""

    server = start(unary={"Do": remember})
    with connect(server.address, institution_id="demo", timeout_s=20.0) as channel:
        channel.unary_unary(DO)(b"")
        channel.unary_unary(DO)(b"", timeout=40.0)
    assert seen == pytest.approx([20.0, 40.0], abs=2.0)


def test_a_deadline_comes_back_as_one(start: Any) -> None:
    def sleep(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        time.sleep(0.5)
        return b""

    server = start(unary={"Do": sleep})
    with (
        connect(server.address, institution_id="demo", timeout_s=0.1) as channel,
        pytest.raises(DeadlineExceeded),
        calling(),
    ):
        channel.unary_unary(DO)(b"")


def test_what_the_caller_gives_wins(start: Any) -> None:
    seen: list[dict[str, Any]] = []

    def remember(_request: bytes, context: grpc.ServicerContext) -> bytes:
        seen.append(dict(context.invocation_metadata()))
        return b""

    server = start(unary={"Do": remember})
    with connect(server.address, institution_id="bank-a") as channel:
        channel.unary_unary(DO)(b"", metadata=(("x-institution-id", "bank-b"), ("x-request-id", "r1")))
        channel.unary_unary(DO)(b"")
    assert (seen[0]["x-institution-id"], seen[0]["x-request-id"]) == ("bank-b", "r1")
    assert seen[1]["x-institution-id"] == "bank-a"
    assert len(seen[1]["x-request-id"]) == 32


def test_a_channel_waits_for_a_server_that_is_about_to_start(start: Any) -> None:
    probe = start(unary={"Do": lambda _request, _context: b"probe"})
    address = probe.address
    probe.running.stop(0)
    with connect(address, institution_id="demo", wait_for_ready=True, timeout_s=20) as channel:
        call = channel.unary_unary(DO).future(b"")
        time.sleep(0.2)
        start(unary={"Do": lambda _request, _context: b"late"}, listen_address=address)
        assert call.result() == b"late"


def test_settings_make_the_channel_of_their_server(start: Any) -> None:
    token = "t" * 16
    server = start(unary={"Do": lambda _request, _context: b"ok"}, auth_token=token)
    settings = load_settings(listen_address=server.address, auth_token=token)
    with connect_from(settings) as channel:
        assert channel.unary_unary(DO)(b"") == b"ok"


def test_a_token_is_not_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(InvalidInput, match="in the clear") as caught:
        open_channel("192.0.2.1:50551", institution_id="demo", auth_token="hidden" * 3)
    assert "hidden" not in caught.value.message


def test_an_institution_of_another_form_is_refused_before_any_call() -> None:
    with pytest.raises(InvalidInput, match="institution_id: found 'Bank A'"):
        connect("127.0.0.1:1", institution_id="Bank A")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_tls_and_token_end_to_end(start: Any, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    token = "t" * 16
    server = start(
        unary={"Do": lambda _request, _context: b"ok"},
        listen_address="0.0.0.0:0",
        tls_certificate_path=certificate,
        tls_key_path=key,
        auth_token=token,
    )
    target = f"127.0.0.1:{server.running.port}"
    with connect(target, institution_id="demo", auth_token=token, tls_ca_path=certificate) as channel:
        assert channel.unary_unary(DO)(b"") == b"ok"
    with (
        connect(target, institution_id="demo", auth_token=token, retry=RetryPolicy(1)) as channel,
        pytest.raises(Unavailable),
        calling(),
    ):
        channel.unary_unary(DO)(b"")
