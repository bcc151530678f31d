"""Real services and one real Prefect server for the tests of flows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.prefect_environment import prepare_prefect
from flows.prefect_server import prefect_server
from tests.flows.running_book import Book, running_book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Both services in this process, on a database of the test's own."""
    with running_book(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one standing Prefect server for the whole session: it takes several seconds to start."""
    home = tmp_path_factory.mktemp("prefect")
    prepare_prefect(home=home)
    with prefect_server(home) as api:
        yield api


@pytest.fixture
def prefect_url(prefect_api: str) -> Iterator[str]:
    """The server of the session, as the one that flows of this process run on."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_api}):
        yield prefect_api
