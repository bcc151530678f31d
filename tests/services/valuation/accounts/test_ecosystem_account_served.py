"""The account behind a value goes from the engine over the wire into the store and back, and replays."""

import pytest

from services.valuation.asset import AccountSpecification, Asset, GepRevenueRight, ServiceIncome
from services.valuation.client import ValuationClient
from services.valuation.valuation import Simulation, Valuation

SIMULATION = Simulation(512)
RIGHT = GepRevenueRight(
    (
        ServiceIncome("river flood mitigation", 1e6, 0.1, 5e3, pledgor_share=0.8),
        ServiceIncome("baseline flow maintenance", 2e6, 0.05, quantity_cv=0.2),
    ),
    8.0,
    account_specification=AccountSpecification("SEEA EA", "2021"),
    uncertainty_by_service=True,
)


def test_the_account_is_stored_and_replayed_with_its_valuation(client: ValuationClient) -> None:
    [found] = client.value_assets([Asset("A", "", "", RIGHT)], simulation=SIMULATION, request_id="r1")
    assert isinstance(found, Valuation)
    account = found.ecosystem_account
    assert account is not None
    assert account.specification == AccountSpecification("SEEA EA", "2021")
    # 1e6 x 0.1 x 0.8 + 2e6 x 0.05 - 5e3.
    assert account.cash_to_pledgor_cny_per_year == pytest.approx(175_000.0, rel=1e-12)
    assert account.error is not None
    assert account.error.cv_if_independent < account.error.cv < account.error.cv_if_one
    assert [cause.cause for cause in account.error.causes] == ["water_yield", "vegetation", "reservoir_cost"]
    stored = client.get_valuation(found.valuation_id)
    assert repr(stored.valuation) == repr(found)
    assert stored.asset.detail == RIGHT
    assert client.replay_valuation(found.valuation_id).identical


def test_an_error_by_service_moves_the_pledge_value_and_nothing_else(client: ValuationClient) -> None:
    plain = GepRevenueRight(RIGHT.services, RIGHT.term_years, "", RIGHT.account_specification)
    with_error, without = client.value_assets(
        [Asset("A", "", "", RIGHT), Asset("B", "", "", plain)], simulation=Simulation(16_384)
    )
    assert isinstance(with_error, Valuation)
    assert isinstance(without, Valuation)
    assert with_error.value_cny == without.value_cny
    assert without.ecosystem_account is not None
    assert without.ecosystem_account.error is None
    # The catalogue says 0.2 for the kind, these services together more: the low quantile is lower.
    assert with_error.ecosystem_account is not None
    assert with_error.ecosystem_account.error is not None
    assert with_error.ecosystem_account.error.cv > 0.2
    assert with_error.pledge_value_cny < without.pledge_value_cny
