"""Addresses of the form ``host:port``, and whether one stays on this machine."""

import ipaddress
import re

from services.runtime.errors import InvalidInput

_PATTERN = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+):([0-9]{1,5})")


def split_address(address: str) -> tuple[str, int]:
    """Host and port; an IPv6 host keeps its brackets.

    Raises:
        InvalidInput: not ``host:port`` with a port from 0 to 65535.
    """
    match = _PATTERN.fullmatch(address)
    if match is None or int(match[2]) > 65_535:
        raise InvalidInput(f"found {address!r}, expected host:port with a port from 0 to 65535")
    return match[1], int(match[2])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host; a name other than ``localhost`` may resolve to anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
