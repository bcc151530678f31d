"""Calls of Prefect's API on loopback."""

import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any


def ask(api: str, path: str, body: Any = None) -> Any:
    """One call, again where the server's SQLite file is locked: it says 503 and did nothing."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{api}{path}", data, {"Content-Type": "application/json"})  # noqa: S310
    deadline = time.monotonic() + 60.0
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20.0) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                raise
        time.sleep(0.5)
