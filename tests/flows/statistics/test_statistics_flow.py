"""The quarterly flow on a Prefect server: one version however often it runs, retries while the service is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.prefect_environment import prepare_prefect
from tests.flows.running_book import INSTITUTION, Book


@pytest.fixture(scope="module")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Prefect server for all tests here; it takes ten seconds to start."""
    prepare_prefect(home=tmp_path_factory.mktemp("prefect"))
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        url = PREFECT_API_URL.value()
        assert url is not None
        yield url


def test_a_scheduled_run_closes_once(prefect_url: str, book: Book, tmp_path: Path) -> None:
    from flows.statistics.flow import quarterly_statistics

    first, second = (
        quarterly_statistics(
            book.address, str(tmp_path), institution_id=INSTITUTION, period="2026Q3", close=True
        )
        for _ in range(2)
    )
    assert (first.version, first.is_new_version, second.is_new_version) == (1, True, False)
    assert first.content_hash == second.content_hash
    # The loans of the running book have no positions: the flow says so and writes the files all the same.
    assert first.n_breaks == 4
    assert all(Path(path).is_file() for path in first.files.values())
