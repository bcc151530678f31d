"""Real services for the tests of flows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.running_book import Book, running_book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Both services in this process, on a database of the test's own."""
    with running_book(tmp_path) as running:
        yield running
