"""Loans under a scenario: the book is simulated in the snapshot of the changed world, nothing else is told."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import Loan
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.scenario import LevelShock, PathShock, Scenario

JUNE = dt.date(2026, 6, 30)
SOURCES = (Source("all", Evidence.ASSUMPTION, "a test"),)


def test_a_crash_of_the_price_hits_the_collateral_by_its_share(
    client: LoansClient,
    loan: Callable[..., Loan],
    collateral: Callable[..., Collateral],
    snapshot: MarketSnapshot,
) -> None:
    client.put_loans(JUNE, [loan("L1", unsecured_lgd=1.0)])
    client.put_collateral([collateral("C1", "L1")])
    half = apply(snapshot, Scenario("half", "", "", SOURCES, levels=(LevelShock("water_price", 0.5),)))
    # Income of years 2 to 5 alone is ahead at the horizon of one year: the same crash by chosen years.
    years = apply(
        snapshot, Scenario("years", "", "", SOURCES, paths=(PathShock("water_price", 0.5, 1.0, 5.0),))
    )
    base, crashed, in_years = (
        client.simulate_portfolio(market, n_paths=20_000) for market in (snapshot, half, years)
    )
    # Defaults are drawn from deviations, which a scenario leaves alone: the same loans default on the same paths,
    # and what each pledge brings is the price times what was agreed.
    secured = [found.by_loan[0].collateral_mean_in_default_cny for found in (base, crashed, in_years)]
    assert None not in secured
    was, now, chosen = (float(value or np.nan) for value in secured)
    assert now == pytest.approx(0.5 * was, rel=1e-9)
    assert chosen == pytest.approx(now, rel=1e-9)
    assert crashed.expected_loss_cny > base.expected_loss_cny
    assert len({found.manifest.snapshot_hash for found in (base, crashed, in_years)}) == 3
