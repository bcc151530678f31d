"""One model drives the borrower and the pledge of a published case; what the Heihe does is told to nobody off it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from flows.loan_book import BookAssumptions, loan_book, read_book_assumptions
from flows.published_cases.appraise import appraise
from flows.published_cases.assumptions import Assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.mapping import map_case
from quant.schedules import ExposureSchedule
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.stress import StressedLoss, StressQuestion
from services.runtime.channel import open_channel
from services.runtime.market import MarketSnapshot
from services.valuation.asset import Asset, WaterRight
from services.valuation.standard_market import read_standard_snapshot
from tests.flows.running_book import INSTITUTION, Book

DATA = Path(__file__).resolve().parents[3] / "data"
INFLOW = "inflow.yingluoxia"
RIVER_WORLDS = (
    "dry-run", "dry-run-shared", "dry-phase", "paleo-drought", "scheme-enforced", "scheme-enforced-wet",
    "floor-removed",
)  # fmt: skip


@pytest.fixture(scope="module")
def assets(cases: dict[str, PublishedCase], assumptions: Assumptions) -> dict[str, Asset]:
    mapped = {case_id: map_case(case, assumptions).asset for case_id, case in cases.items()}
    return {case_id: asset for case_id, asset in mapped.items() if asset is not None}


@pytest.fixture(scope="module")
def borrowers() -> BookAssumptions:
    return read_book_assumptions(DATA / "demonstration" / "loan_book.toml")


def _drivers(schedule: ExposureSchedule, market: MarketSnapshot) -> set[str]:
    """Primary factors behind the rows."""
    derived = {factor.name: factor for factor in market.derived_factors}
    found = set[str]()
    for name in schedule.factors:
        factor = derived.get(name)
        found |= {name} if factor is None else {factor.driver, factor.price or factor.driver}
    return found - {"cny"}


def _schedules(book: Book, assets: Mapping[str, Asset]) -> dict[str, ExposureSchedule]:
    made = book.valuation.get_exposures(list(assets.values()))
    assert all(isinstance(item, ExposureSchedule) for item in made)
    return {item.asset_id: item for item in made if isinstance(item, ExposureSchedule)}


def test_the_water_right_of_zhangye_alone_is_exposed_to_the_heihe(assets: dict[str, Asset]) -> None:
    rivers = {
        case_id: asset.detail.allocation_factor
        for case_id, asset in assets.items()
        if isinstance(asset.detail, WaterRight)
    }
    assert rivers == dict.fromkeys(rivers, "") | {"C21": "allocation.heihe.irrigation"}
    assert len(rivers) == 9
    # What stands in for facts nobody published is marked as such.
    assert "water_right.allocation_factor" in assets["C21"].assumed_fields


def test_a_borrower_depends_on_what_the_pledge_earns_by(
    book: Book, assets: dict[str, Asset], cases: dict[str, PublishedCase], borrowers: BookAssumptions
) -> None:
    market = read_standard_snapshot()
    for case_id, schedule in _schedules(book, assets).items():
        drivers = _drivers(schedule, market)
        index = {weight.factor for weight in borrowers.weights(cases[case_id].kind.value, case_id)}
        assert drivers & index, f"{case_id}: pledge {sorted(drivers)}, borrower {sorted(index)}"
        assert (INFLOW in index) == (INFLOW in drivers) == (case_id == "C21"), case_id


def _stressed(book: Book, loan_id: str) -> dict[str, StressedLoss]:
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        report = BookStressClient(channel).stress(
            StressQuestion(
                PortfolioQuestion(read_standard_snapshot(), None, (loan_id,), n_paths=4000, n_quarters=12),
                RIVER_WORLDS,
            )
        )
    assert report.skipped == ()
    return {world.scenario: world for world in report.worlds}


def test_a_dry_year_hurts_borrower_and_pledge_on_the_heihe_and_nobody_elsewhere(
    book: Book, cases: dict[str, PublishedCase], assumptions: Assumptions, borrowers: BookAssumptions
) -> None:
    market = read_standard_snapshot()
    appraised = appraise([cases["C13"], cases["C21"]], assumptions, book.valuation)
    schedules = _schedules(
        book, {a.case_id: a.mapping.asset for a in appraised if a.mapping.asset is not None}
    )
    made = loan_book(appraised, schedules, borrowers, market.as_of, market.snapshot_id)
    book.loans.put_loans(market.as_of, made.loans)
    book.loans.put_collateral(made.collateral)
    zhangye, yunxi = _stressed(book, "C21"), _stressed(book, "C13")

    base = zhangye[""].collateral_mean_cny
    values = {name: zhangye[name].collateral_mean_cny / base for name in RIVER_WORLDS}
    # 0.70 of the mean inflow is 11.1: of 1.8 missing below 12.9 the middle reach bears 60 %, so it has
    # 6.6 - 1.1 = 5.5 of which 1.0 is senior, and irrigation 4.5 / 6.52 = 0.69 against 0.90 in a mean year.
    assert values["dry-run-shared"] < 0.9
    # Enforced, a mean year leaves 6.3, irrigation 5.3 / 6.52 = 0.81 against 0.90; a wetter river leaves less still.
    assert values["scheme-enforced"] < 0.95
    assert values["scheme-enforced-wet"] < values["scheme-enforced"]
    # The scheme of 1997 spares the middle reach in dry years: its share at 12.9 is 0.93.
    for spared in ("dry-run", "dry-phase", "paleo-drought"):
        assert 1.0 < values[spared] < 0.93 / 0.90 * 1.02
    # The standard market has no floor that could be removed.
    assert values["floor-removed"] == 1.0
    for dry in ("dry-run", "dry-run-shared", "dry-phase", "paleo-drought"):
        assert zhangye[dry].default_rate > zhangye[""].default_rate

    for name in RIVER_WORLDS:
        assert yunxi[name].collateral_mean_cny == yunxi[""].collateral_mean_cny
        assert yunxi[name].default_rate == yunxi[""].default_rate
