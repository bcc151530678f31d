import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from services.runtime.channel import calling, open_channel
from services.runtime.errors import FailedPrecondition, InvalidInput, ResourceExhausted
from services.runtime.server import build_server
from services.runtime.settings import MIB, load_settings
from tests.processes import wait_until

ROOT = Path(__file__).resolve().parents[3]
# Any: the stubs ask for the serializers that raw bytes do not need.
connect: Any = open_channel
plain_channel: Any = grpc.insecure_channel
DO = "/test.v1.TestService/Do"

PROGRAM = """
import signal, sys, threading, time
import grpc
from services.runtime.server import Registration, serve
from services.runtime.settings import load_settings

def wait(request, context):
    print("working", flush=True)
    end = time.monotonic() + float(request)
    while time.monotonic() < end:
        time.sleep(0.02)
    return b"finished"

def signal_this_thread(request, context):
    signal.pthread_kill(threading.get_ident(), int(request))
    return b""

def add(server):
    handler = grpc.method_handlers_generic_handler(
        "test.v1.TestService",
        {
            "Do": grpc.unary_unary_rpc_method_handler(wait),
            "SignalThisThread": grpc.unary_unary_rpc_method_handler(signal_this_thread),
        },
    )
    server.add_generic_rpc_handlers((handler,))

serve(load_settings(listen_address="127.0.0.1:0"), [Registration("test.v1.TestService", add)])
"""


def length(request: bytes, _context: grpc.ServicerContext) -> bytes:
    return str(len(request)).encode()


def health_of(address: str, service: str) -> int:
    with plain_channel(address) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        return int(health_pb2_grpc.HealthStub(channel).Check(request, timeout=5).status)


@pytest.fixture
def process() -> Iterator[Any]:
    """``process(**environment)`` starts a server process and returns it with its address."""
    started: list[subprocess.Popen[str]] = []

    def start_process(**environment: str) -> tuple[subprocess.Popen[str], str]:
        running = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(running)
        assert running.stdout is not None
        announced = json.loads(running.stdout.readline())
        assert announced["services"] == ["test.v1.TestService"]
        return running, announced["address"]

    yield start_process
    for running in started:
        running.kill()
        running.communicate()


def test_health_needs_no_institution_and_knows_each_service(start: Any) -> None:
    server = start()
    assert health_of(server.address, "") == health_pb2.HealthCheckResponse.SERVING
    assert health_of(server.address, "test.v1.TestService") == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        health_of(server.address, "test.v1.Unknown")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_health_answers_while_every_thread_works(start: Any) -> None:
    release = threading.Event()

    def block(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        release.wait(10)
        return b""

    server = start(unary={"Do": block}, max_threads=1)
    with connect(server.address, institution_id="demo") as channel:
        calls = [channel.unary_unary(DO).future(b"") for _ in range(3)]
        time.sleep(0.1)
        assert health_of(server.address, "") == health_pb2.HealthCheckResponse.SERVING
        release.set()
        assert [call.result() for call in calls] == [b""] * 3


def test_reflection_lists_the_services(start: Any) -> None:
    server = start()
    with plain_channel(server.address) as channel:
        services = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert {"test.v1.TestService", "grpc.health.v1.Health"} <= services


def test_a_taken_port_is_named(start: Any) -> None:
    server = start()
    with pytest.raises(FailedPrecondition, match=f"port {server.running.port} is in use"):
        build_server(load_settings(listen_address=server.address), [])


def test_a_port_taken_by_another_program_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(FailedPrecondition, match=f"port {port} is in use"):
            build_server(load_settings(listen_address=f"127.0.0.1:{port}"), [])


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "example.invalid", "0"])  # noqa: S104  # refused
def test_other_machines_are_let_in_only_with_tls_and_a_token(host: str, tmp_path: Path) -> None:
    address = f"{host}:0"
    with pytest.raises(InvalidInput, match="open to other machines"):
        build_server(load_settings(listen_address=address), [])
    with pytest.raises(InvalidInput, match="ECOPLEDGE_AUTH_TOKEN"):
        build_server(
            load_settings(listen_address=address, tls_certificate_path=tmp_path, tls_key_path=tmp_path), []
        )
    with pytest.raises(InvalidInput, match="ECOPLEDGE_TLS_CERTIFICATE_PATH"):
        build_server(load_settings(listen_address=address, auth_token="x" * 16), [])


def test_tls_files_are_named_when_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="found only one"):
        build_server(load_settings(tls_key_path=tmp_path / "key.pem"), [])
    with pytest.raises(InvalidInput, match=r"ECOPLEDGE_TLS_KEY_PATH: cannot read .*key\.pem"):
        build_server(
            load_settings(tls_key_path=tmp_path / "key.pem", tls_certificate_path=tmp_path / "cert.pem"), []
        )


@pytest.mark.parametrize("client_limit", [-1, 32 * MIB])
def test_a_request_above_the_limit_is_refused_and_the_server_lives_on(start: Any, client_limit: int) -> None:
    server = start(unary={"Do": length}, max_request_bytes=MIB)
    with connect(server.address, institution_id="demo", max_request_bytes=client_limit) as channel:
        with pytest.raises(ResourceExhausted, match=r"larger than max \(\d+ vs\. 1048576\)"), calling():
            channel.unary_unary(DO)(b"x" * (2 * MIB))
        assert channel.unary_unary(DO)(b"x" * (MIB - 1)) == str(MIB - 1).encode()


def test_the_default_limit_refuses_an_upload_of_50_mb(start: Any) -> None:
    server = start(unary={"Do": length})
    with (
        plain_channel(server.address, [("grpc.max_send_message_length", -1)]) as channel,
        pytest.raises(ResourceExhausted, match="larger than max"),
        calling(),
    ):
        channel.unary_unary(DO)(b"x" * 50_000_000, metadata=(("x-institution-id", "demo"),))


def test_a_response_may_be_larger_than_a_request_up_to_its_own_limit(start: Any) -> None:
    server = start(
        unary={"Do": lambda request, _context: b"x" * int(request)},
        max_request_bytes=MIB,
        max_response_bytes=4 * MIB,
    )
    with connect(server.address, institution_id="demo") as channel:
        assert len(channel.unary_unary(DO)(str(3 * MIB).encode())) == 3 * MIB
        with pytest.raises(ResourceExhausted, match="larger than max"), calling():
            channel.unary_unary(DO)(str(5 * MIB).encode())


def test_sigterm_lets_a_running_call_finish(process: Any) -> None:
    running, address = process()
    with connect(address, institution_id="demo") as channel, ThreadPoolExecutor(1) as threads:
        call = threads.submit(channel.unary_unary(DO), b"1.0")
        assert running.stdout.readline() == "working\n"
        running.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        with pytest.raises((grpc.RpcError, AssertionError)):  # no new calls while stopping
            assert health_of(address, "") == health_pb2.HealthCheckResponse.SERVING
        assert call.result(5) == b"finished"
    assert running.wait(5) == 0


def test_a_call_beyond_the_grace_does_not_hold_the_process(process: Any) -> None:
    running, address = process(ECOPLEDGE_STOP_GRACE_S="0.2")
    with connect(address, institution_id="demo") as channel:
        call = channel.unary_unary(DO).future(b"60")
        assert running.stdout.readline() == "working\n"
        started_s = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 1  # the handler never looked whether it was cancelled
        assert time.monotonic() - started_s < 5
        assert call.code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_a_second_signal_ends_at_once(process: Any) -> None:
    running, address = process(ECOPLEDGE_STOP_GRACE_S="60")
    with connect(address, institution_id="demo") as channel:
        call = channel.unary_unary(DO).future(b"60")
        assert running.stdout.readline() == "working\n"
        running.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert running.wait(5) == 1
        call.cancel()


def test_a_signal_that_the_system_hands_to_another_thread_is_heard(process: Any) -> None:
    """The main thread sleeps through it unless it looks by itself; a busy service was seen to miss SIGTERM so."""
    running, address = process()
    with connect(address, institution_id="demo") as channel:
        channel.unary_unary("/test.v1.TestService/SignalThisThread")(str(int(signal.SIGTERM)).encode())
    assert running.wait(10) == 0


def test_the_ready_file_has_the_address_and_goes_with_the_server(process: Any, tmp_path: Path) -> None:
    ready = tmp_path / "run" / "ready.json"
    running, address = process(ECOPLEDGE_READY_PATH=str(ready))
    wait_until(ready.exists, 5.0)
    assert json.loads(ready.read_text())["address"] == address
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0
    assert not ready.exists()
