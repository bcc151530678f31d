import pytest

from services.runtime.addresses import is_loopback, split_address
from services.runtime.errors import InvalidInput


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:50551", "127.0.0.1", 50551),
        ("[::1]:0", "[::1]", 0),
        ("bank.example:65535", "bank.example", 65535),
    ],
)
def test_an_address_is_split(address: str, host: str, port: int) -> None:
    assert split_address(address) == (host, port)


@pytest.mark.parametrize(
    "address", ["", "localhost", ":80", "::1:80", "a b:80", "a:99999", "a:-1", "http://a:80"]
)
def test_another_form_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="expected host:port"):
        split_address(address)


# 127.0.0.0/8 and ::1: RFC 1122 section 3.2.1.3 and RFC 4291 section 2.5.3.
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.0.9", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "10.0.0.1", "localhost.example", "0", "2130706433"])  # noqa: S104  # refused
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
