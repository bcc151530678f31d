"""The review as a flow on a Prefect server: the files are there, and its summary names the same id again."""

from pathlib import Path

import pytest

from tests.flows.portfolio.conftest import SINGLE
from tests.flows.running_book import Book


@pytest.mark.usefixtures("prefect_url")
def test_a_run_writes_the_report(served: Book, tmp_path: Path) -> None:
    from flows.portfolio.flow import portfolio_review

    first, second = (
        portfolio_review(served.address, str(tmp_path), institution_id=SINGLE, n_paths=256) for _ in range(2)
    )
    assert first == second
    assert first.n_loans == 1
    assert all(Path(path).is_file() for path in first.files.values())
