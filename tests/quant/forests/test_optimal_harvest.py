"""When to fell: enumeration without risk, a binomial tree for one price, Margrabe for two, bounds, errors, blocks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr

from quant.factors import FactorModel, PrimaryFactor
from quant.forests.optimal_harvest import (
    Amount,
    DatedAmount,
    HarvestDecision,
    HarvestValue,
    restricted_model,
    value_harvest,
)

RATE = 0.05


def worth(times: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-RATE * times)


def market(timber_sd: float = 0.25, carbon_sd: float = 0.6, correlation: float = 0.3) -> FactorModel:
    """A timber price without mean reversion, a carbon price with it, a third factor that nothing uses, money."""
    primaries = (
        PrimaryFactor("river", 0.0, 0.0, 1.0, 0.3),
        PrimaryFactor("carbon", math.log(80.0), 0.0, 0.6, carbon_sd),
        PrimaryFactor("timber", math.log(500.0), -(timber_sd**2) / 2, 0.0, timber_sd),
        PrimaryFactor("cny", 0.0),
    )
    rho = np.eye(4)
    rho[1, 2] = rho[2, 1] = correlation
    return FactorModel(primaries, (), rho)


def tenure_and_carbon() -> HarvestDecision:
    """Felling in year 5 to 15; 400 t of credits in years 4, 9 and 14, bought back if felled before year 15."""
    dates = tuple(float(year) for year in range(5, 16))
    credits_t = {4.0: 400.0, 9.0: 400.0, 14.0: 400.0, 16.0: 100.0}
    standing = [DatedAmount(time, "carbon", tonnes) for time, tonnes in credits_t.items()]
    standing += [DatedAmount(float(year), "cny", -1_000.0) for year in range(1, 15)]
    fellings = []
    for date in dates:
        issued = sum(tonnes for time, tonnes in credits_t.items() if time <= date)
        back = -issued if date < 15.0 else 0.0
        spared = 1_000.0 if date < 15.0 else 0.0
        fellings.append((Amount("timber", 150.0), Amount("carbon", back), Amount("cny", spared)))
    return HarvestDecision(dates, tuple(standing), tuple(fellings))


def valued(
    decision: HarvestDecision, model: FactorModel, n_paths: int = 8_192, seed: int = 11
) -> HarvestValue:
    return value_harvest(decision, model, worth, n_paths=n_paths, seed=seed)


def test_without_risk_it_is_the_best_date_by_enumeration() -> None:
    decision, model = tenure_and_carbon(), market(0.0, 0.0)

    def price(factor: str, time: float) -> float:
        return float(model.forward([time])[model.index(factor), 0])

    def fell(i: int) -> float:
        date, last = decision.dates_years[i], i == len(decision.dates_years) - 1
        paid = [row for row in decision.standing if last or row.time_years <= date]
        paid += [DatedAmount(date, *amount) for amount in decision.fellings[i]]
        return sum(math.exp(-RATE * t) * quantity * price(factor, t) for t, factor, quantity in paid)

    by_date = [fell(i) for i in range(len(decision.dates_years))]
    found = valued(decision, model, 64)
    assert found.value_cny == pytest.approx(max(by_date), rel=1e-12)
    assert found.static_cny == pytest.approx(max(by_date[0], by_date[-1]), rel=1e-12)
    assert found.gain_standard_error_cny == pytest.approx(0.0, abs=1e-6)
    assert found.date_shares[int(np.argmax(by_date))] == 1.0


def bermudan_call(spot: float, cost: float, drift: float, sd: float, dates: tuple[float, ...]) -> float:
    """Cox, Ross and Rubinstein (1979): the price less a cost, once, at whole-year dates; 250 steps a year."""
    steps = 250
    up = math.exp(sd / math.sqrt(steps))
    p = (math.exp(drift / steps) - 1 / up) / (up - 1 / up)
    level = round(dates[-1] * steps)
    choices = {round(date * steps) for date in dates}
    value = np.zeros(level + 1)
    while level >= 0:
        if level in choices:
            prices = spot * up ** (2.0 * np.arange(level + 1) - level)
            value = np.maximum(value, prices - cost)
        if level > 0:
            value = math.exp(-RATE / steps) * (p * value[1:] + (1 - p) * value[:-1])
        level -= 1
    return float(value[0])


@pytest.mark.parametrize(("drift", "sd"), [(0.0, 0.25), (0.03, 0.25), (0.03, 0.4)])
def test_one_price_and_no_carbon_is_a_bermudan_option(drift: float, sd: float) -> None:
    dates = tuple(float(year) for year in range(1, 11))
    timber = PrimaryFactor("timber", math.log(500.0), drift - sd**2 / 2, 0.0, sd)
    model = FactorModel((timber, PrimaryFactor("cny", 0.0)), (), np.eye(2))
    felling = (Amount("timber", 1.0), Amount("cny", -450.0))
    found = value_harvest(
        HarvestDecision(dates, (), (felling,) * 10), model, worth, n_paths=65_536, seed=3
    )  # fmt: skip
    tree = bermudan_call(500.0, 450.0, drift, sd, dates)
    # The rule is not quite the best one: allow it two thousandths on top of three standard errors, below only.
    excess = found.value_cny - tree
    assert -3 * found.gain_standard_error_cny - 0.002 * tree <= excess <= 3 * found.gain_standard_error_cny


def test_one_date_is_the_option_to_exchange_two_prices() -> None:
    """Margrabe (1978): felled only where timber is worth more than the credits that must be bought back."""
    model = market()
    time, back = 6.0, 900.0
    decision = HarvestDecision((time,), (), ((Amount("timber", 150.0), Amount("carbon", -back)),))
    found = valued(decision, model, 65_536)
    forward = model.forward([time])[:, 0]
    a, b = 150.0 * forward[model.index("timber")], back * forward[model.index("carbon")]
    covariance = model.step_covariance(time)[1:3, 1:3]
    sd = math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    d1 = math.log(a / b) / sd + sd / 2
    expected = math.exp(-RATE * time) * (a * ndtr(d1) - b * ndtr(d1 - sd))
    assert abs(found.value_cny - expected) <= 3 * found.gain_standard_error_cny
    assert found.foresight_cny == found.value_cny


@settings(max_examples=15, deadline=None)
@given(
    timber_sd=st.floats(0.0, 0.5), carbon_sd=st.floats(0.0, 0.9), correlation=st.floats(-0.9, 0.9),
    seed=st.integers(0, 2**31),
)  # fmt: skip
def test_it_lies_between_deciding_today_and_hindsight(
    *, timber_sd: float, carbon_sd: float, correlation: float, seed: int
) -> None:
    found = valued(tenure_and_carbon(), market(timber_sd, carbon_sd, correlation), 2_048, seed)
    assert found.value_cny <= found.foresight_cny + 1e-6
    # Not below the better static strategy by more than four standard errors: a rule is low-biased.
    assert found.gain_cny >= -4 * found.gain_standard_error_cny - 1e-6
    assert math.fsum(found.date_shares) == pytest.approx(found.felled_share)


def test_the_standard_error_is_what_other_seeds_show() -> None:
    found = [valued(tenure_and_carbon(), market(), 2_048, seed) for seed in range(40)]
    spread = np.std([value.gain_cny for value in found], ddof=1)
    stated = np.mean([value.gain_standard_error_cny for value in found])
    # sd of a sample sd of 40 is 11 %; refitting the rule adds a little.
    assert 0.6 <= spread / stated <= 1.5


def test_figures_do_not_depend_on_blocks() -> None:
    def in_blocks(paths_at_once: int) -> HarvestValue:
        return value_harvest(
            tenure_and_carbon(), market(), worth, n_paths=1_500, seed=5, paths_at_once=paths_at_once
        )

    whole = in_blocks(8_192)
    assert repr(in_blocks(1_500)) == repr(in_blocks(400)) == repr(in_blocks(7)) == repr(whole)


def test_the_small_model_has_the_law_of_the_large_one() -> None:
    small = restricted_model(market(), ("timber", "carbon"))
    assert small.names == ("carbon", "timber")
    assert small.step_covariance(2.0) == pytest.approx(market().step_covariance(2.0)[1:3, 1:3])


def test_refusals() -> None:
    felling = ((Amount("timber", 1.0),),)
    for dates in ((), (2.0, 1.0), (0.0, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="dates_years: found"):
            HarvestDecision(dates, (), felling * len(dates))
    with pytest.raises(ValueError, match="fellings: found 1, expected one for each of 2 dates"):
        HarvestDecision((1.0, 2.0), (), felling)
    with pytest.raises(ValueError, match="standing: found"):
        HarvestDecision((1.0,), (DatedAmount(-1.0, "cny", 1.0),), felling)
    decision = HarvestDecision((1.0,), (), felling)
    with pytest.raises(ValueError, match="n_paths: found 1"):
        valued(decision, market(), 1)
    with pytest.raises(KeyError, match="'oak' is not in the model"):
        valued(HarvestDecision((1.0,), (), ((Amount("oak", 1.0),),)), market())
