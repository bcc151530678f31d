"""The quarterly flow on a Prefect server: one version however often it runs, retries while the service is away."""

from pathlib import Path

import pytest

from tests.flows.running_book import INSTITUTION, Book


@pytest.mark.usefixtures("prefect_url")
def test_a_scheduled_run_closes_once(book: Book, tmp_path: Path) -> None:
    from flows.statistics.flow import quarterly_statistics

    first, second = (
        quarterly_statistics(
            book.address,
            str(tmp_path),
            institution_id=INSTITUTION,
            period="2026Q3",
            close=True,
            accepted_breaks_reason="no positions in the example",
        )
        for _ in range(2)
    )
    assert (first.version, first.is_new_version, second.is_new_version) == (1, True, False)
    assert first.content_hash == second.content_hash
    # The loans of the running book have no positions: the flow says so and, for a reason, closes all the same.
    assert first.n_breaks == 4
    assert all(Path(path).is_file() for path in first.files.values())
