"""Identities of the waterfall over random terms of every kind and random flows of deals."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.waterfall.one_path import CentFlow, CentYear, DealCents, run_cents
from quant.waterfall.over_paths import (
    ESCROW,
    GRASSROOTS,
    NEVER,
    DealPaths,
    Waterfall,
    run_deal_paths,
    run_paths,
)
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    CedeExcess,
    CedeTier,
    Clawback,
    GrassrootsShare,
    PreferredReturn,
    ReturnOfCapital,
    Step,
)

TIERS = (CedeTier(2.0, 0.2, 2.5), CedeTier(2.5, 0.4, 3.0), CedeTier(3.0, 0.6))
hundredths = st.integers(0, 100).map(lambda n: n / 100)


@st.composite
def any_terms(draw: st.DrawFn, manager_commits: bool) -> Waterfall:
    n = draw(st.integers(2, 4))
    # The manager commits something or nothing.
    commitments = [Decimal(draw(st.integers(1, 10**11))).scaleb(-2) for _ in range(n - 1)]
    commitments.append(Decimal(draw(st.integers(0, 10**6)) if manager_commits else 0))
    carry = draw(st.integers(0, 50)) / 100
    first = draw(st.booleans())
    core: list[Step] = []
    for partners in ((0,), ()) if first else ((),):
        rate = draw(st.integers(0, 20)) / 100
        pair: list[Step] = [ReturnOfCapital(partners)]
        if draw(st.booleans()):
            pair.append(PreferredReturn(rate, draw(st.booleans()), partners))
        core += draw(st.permutations(pair))
    middle: list[Step] = []
    if draw(st.booleans()):
        middle.append(GrassrootsShare(draw(hundredths)))
    if draw(st.booleans()) and any(commitments[1:]):
        middle.append(CedeExcess(0, TIERS, draw(st.sampled_from([0.0, 2.0, 2.6, 3.0]))))
    if draw(st.booleans()):
        middle.append(CatchUp(draw(st.integers(51, 100)) / 100, carry))
    clawback = st.builds(Clawback, st.sampled_from([0.0, 0.3]), st.sampled_from([0.0, 0.25, 1.0]))
    return Waterfall(
        tuple(commitments),
        n - 1,
        (*core, *draw(st.permutations(middle)), CarrySplit(carry)),
        is_deal_by_deal=draw(st.booleans()),
        carries_losses=draw(st.booleans()),
        clawback=draw(st.none() | clawback),
    )


@st.composite
def any_case(draw: st.DrawFn, manager_commits: bool = True) -> tuple[Waterfall, list[CentFlow]]:
    waterfall = draw(any_terms(manager_commits))
    committed = int(waterfall.committed * 100)
    n_deals, n_years = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    closing = [draw(st.integers(0, n_years)) for _ in range(n_deals)]
    unit = committed // (n_deals * n_years * 2)
    flows = []
    for year in range(n_years):
        deals = []
        for k in range(n_deals):
            if closing[k] < year:
                continue
            called = unit * draw(st.integers(0, 1))
            cash = unit * draw(st.integers(0, 8)) + draw(st.integers(0, 99))
            deals.append(DealCents(f"d{k}", Decimal(called) / 100, Decimal(cash) / 100, closing[k] == year))
        expenses = Decimal(unit * draw(st.integers(0, 1))) / 100
        called_together = sum((deal.called for deal in deals), expenses)
        cash_together = sum((deal.distributable for deal in deals), Decimal(0))
        flows.append(CentFlow(year, called_together, cash_together, tuple(deals)))
    return waterfall, flows


def as_paths(flows: list[CentFlow]) -> DealPaths:
    """The same flows as arrays, once as they are and once doubled, so that a path knows nothing of the other."""
    names = sorted({deal.deal_id for flow in flows for deal in flow.deals}) or ["none"]
    shape = (len(names), len(flows), 2)
    called, cash = np.zeros(shape), np.zeros(shape)
    realised = np.full(len(names), NEVER)
    for year, flow in enumerate(flows):
        for deal in flow.deals:
            k = names.index(deal.deal_id)
            called[k, year] = float(deal.called), 2 * float(deal.called)
            cash[k, year] = float(deal.distributable), 2 * float(deal.distributable)
            if deal.realised:
                realised[k] = year
    spent = [float(flow.called - sum(deal.called for deal in flow.deals)) for flow in flows]
    return DealPaths(called, cash, realised, np.array([[e, 2 * e] for e in spent]))


def in_cents(years: list[CentYear] | tuple[CentYear, ...]) -> dict[tuple[int, int, int], int]:
    return {(p.year, p.step, p.recipient): int(p.amount * 100) for y in years for p in y.payments}


@given(any_case())
def test_one_exact_path_and_many_are_equal_to_the_cent(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, flows = case
    exact = in_cents(run_cents(waterfall, flows))
    got: dict[tuple[int, int, int], int] = {}
    for year in run_deal_paths(waterfall, as_paths(flows)):
        for payment in year.payments:
            key = (year.year, payment.step, payment.recipient)
            got[key] = got.get(key, 0) + round(float(payment.amount[0]) * 100)
    assert {key: amount for key, amount in got.items() if amount != 0} == exact


@given(any_case())
def test_whole_fund_paths_need_no_deals(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, flows = case[0], [CentFlow(f.year, f.called, f.distributable) for f in case[1]]
    if waterfall.is_deal_by_deal:
        with pytest.raises(ValueError, match="deal by deal"):
            list(run_paths(waterfall, [0.0], [[0.0]]))
        return
    called = [float(flow.called) for flow in flows]
    got: dict[tuple[int, int, int], int] = {}
    for year in run_paths(waterfall, called, [[float(flow.distributable)] * 2 for flow in flows]):
        for payment in year.payments:
            key = (year.year, payment.step, payment.recipient)
            got[key] = got.get(key, 0) + round(float(payment.amount[1]) * 100)
    assert {key: cents for key, cents in got.items() if cents != 0} == in_cents(run_cents(waterfall, flows))


@given(any_case())
def test_every_year_pays_out_exactly_what_came_in(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, flows = case
    escrow = Decimal(0)
    for flow, year in zip(flows, run_cents(waterfall, flows), strict=True):
        assert sum((p.amount for p in year.payments), Decimal(0)) == flow.distributable
        assert sum(year.paid_in, Decimal(0)) == flow.called
        escrow += sum((p.amount for p in year.payments if p.recipient == ESCROW), Decimal(0))
        assert escrow >= 0
        at_steps = [p for p in year.payments if p.step < len(waterfall.steps)]
        assert all(p.amount > 0 for p in at_steps)
        grass = sum((p.amount for p in year.payments if p.recipient == GRASSROOTS), Decimal(0))
        assert sum((amount for _, amount in year.grassroots), Decimal(0)) == grass
    assert escrow == 0  # at the end nothing waits


@given(any_case(manager_commits=False))
def test_carry_never_exceeds_its_share_of_profit_with_a_clawback_before_tax(
    case: tuple[Waterfall, list[CentFlow]],
) -> None:
    waterfall, flows = replace(case[0], clawback=Clawback(0.0, 0.5)), case[1]
    got = totals(run_cents(waterfall, flows))
    profit = sum((f.distributable - f.called for f in flows), Decimal(0)) - got.get(GRASSROOTS, Decimal(0))
    share = max(step.carry_share for step in waterfall.steps if isinstance(step, CarrySplit | CatchUp))
    # The manager commits nothing: all that it has is carry.
    assert 0 <= got.get(waterfall.manager, Decimal(0)) <= max(profit, Decimal(0)) * Decimal(repr(share))


@given(any_case(manager_commits=False), st.integers(0, 10).map(lambda n: n / 10))
def test_tax_limits_what_is_given_back(case: tuple[Waterfall, list[CentFlow]], tax: float) -> None:
    waterfall, flows = replace(case[0], clawback=Clawback(tax, 0.25)), case[1]
    years = run_cents(waterfall, flows)
    carry = sum((year.carry for year in years), Decimal(0))
    kept = totals(years).get(waterfall.manager, Decimal(0))
    assert carry >= kept >= carry * Decimal(repr(tax)) - Decimal("0.01")


@given(any_case())
def test_no_carry_while_the_account_of_the_partners_is_open(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, flows = case
    if waterfall.is_deal_by_deal or any(
        s.is_simple for s in waterfall.steps if isinstance(s, PreferredReturn)
    ):
        return
    groups = waterfall.groups()
    # Second method: accounts in exact fractions from the payments alone, preferred return never rounded.
    owed = [Fraction(0) for _ in groups]
    for year in run_cents(waterfall, flows):
        for g, group in enumerate(groups):
            called = sum((year.paid_in[member] for member in group.members), Decimal(0))
            growth = 1 + group.rate_annual if year.year else 1
            owed[g] = owed[g] * growth + Fraction(called)
            for p in year.payments:
                if p.step < len(waterfall.steps) and p.recipient in group.members:
                    step = waterfall.steps[p.step]
                    if isinstance(step, ReturnOfCapital | PreferredReturn):
                        owed[g] -= Fraction(p.amount)
        # Half a cent a year of rounding, which grows with the hurdle.
        assert year.carry == 0 or max(owed) <= Fraction(1, 10)


@given(any_case())
def test_ceding_takes_neither_capital_nor_preferred_return(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, flows = case
    without = tuple(step for step in waterfall.steps if not isinstance(step, CedeExcess))
    plain = Waterfall(
        waterfall.commitments, waterfall.manager, without, waterfall.is_deal_by_deal, waterfall.carries_losses
    )
    ceding = Waterfall(
        waterfall.commitments, waterfall.manager, waterfall.steps, waterfall.is_deal_by_deal,
        waterfall.carries_losses,
    )  # fmt: skip

    def core(terms: Waterfall) -> dict[tuple[int, str, int], Decimal]:
        found: dict[tuple[int, str, int], Decimal] = {}
        for year in run_cents(terms, flows):
            for p in year.payments:
                step = terms.steps[p.step]
                if isinstance(step, ReturnOfCapital | PreferredReturn):
                    key = (p.year, repr(step), p.recipient)
                    found[key] = found.get(key, Decimal(0)) + p.amount
        return found

    assert core(plain) == core(ceding)


@given(any_case(manager_commits=False))
def test_a_clawback_restores_the_split_of_the_whole_fund(case: tuple[Waterfall, list[CentFlow]]) -> None:
    # The grass roots do not give back, and a clawback only takes: all else is as if the fund had been one pot.
    steps = tuple(step for step in case[0].steps if not isinstance(step, GrassrootsShare))
    flows = called_first(case[1])
    whole = replace(case[0], steps=steps, is_deal_by_deal=False, clawback=None)
    deals = replace(whole, is_deal_by_deal=True, clawback=Clawback())
    expected, paid = totals(run_cents(whole, flows)), run_cents(deals, flows)
    assert whole.manager is not None
    supported = expected.get(whole.manager, Decimal(0))
    if sum((year.carry for year in paid), Decimal(0)) < supported:
        return
    got = totals(paid)
    assert got.get(whole.manager, Decimal(0)) == supported
    if has_one_rank(whole):
        # Pro-rata cents of many small payments fall otherwise than those of few large ones.
        assert all(abs(got.get(who, Decimal(0)) - cny) <= Decimal("0.20") for who, cny in expected.items())


def called_first(flows: list[CentFlow]) -> list[CentFlow]:
    """The same cash a year later, after one call."""
    called = sum((flow.called for flow in flows), Decimal(0))
    first = CentFlow(0, called, Decimal(0), (DealCents("d0", called, Decimal(0)),))
    return [first] + [
        CentFlow(
            flow.year + 1,
            Decimal(0),
            flow.distributable,
            tuple(replace(deal, called=Decimal(0)) for deal in flow.deals),
        )
        for flow in flows
    ]


def has_one_rank(waterfall: Waterfall) -> bool:
    return len(waterfall.groups()) == 1 and not any(isinstance(s, CedeExcess) for s in waterfall.steps)


def totals(years: tuple[CentYear, ...]) -> dict[int | None, Decimal]:
    found: dict[int | None, Decimal] = {}
    for year in years:
        for paid in year.payments:
            found[paid.recipient] = found.get(paid.recipient, Decimal(0)) + paid.amount
    return found
