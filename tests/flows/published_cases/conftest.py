"""The bundled cases and assumptions, read once."""

from pathlib import Path

import pytest

from flows.published_cases.assumptions import Assumptions, read_assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.case_file import read_cases
from flows.published_cases.cited_figures import Yardsticks, read_yardsticks

DATA = Path(__file__).resolve().parents[3] / "data"


@pytest.fixture(scope="session")
def assumptions_toml() -> Path:
    return DATA / "published_cases" / "assumptions.toml"


@pytest.fixture(scope="session")
def assumptions(assumptions_toml: Path) -> Assumptions:
    return read_assumptions(assumptions_toml)


@pytest.fixture(scope="session")
def cases() -> dict[str, PublishedCase]:
    return {case.case_id: case for case in read_cases(DATA / "published_pledge_cases.csv")}


@pytest.fixture(scope="session")
def yardsticks() -> Yardsticks:
    return read_yardsticks(
        DATA / "carbon_prices_published.csv", DATA / "published_cases" / "cited_figures.csv"
    )
