"""The waterfall against closed forms, hand-computed cases and identities."""

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.repayment.whole_cents import split_cents
from quant.waterfall.one_path import CentFlow, CentYear, run_cents
from quant.waterfall.over_paths import (
    GRASSROOTS,
    Waterfall,
    check_conservation,
    european_waterfall_case,
    received_by,
    run_paths,
)
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    CedeExcess,
    CedeTier,
    GrassrootsShare,
    PreferredReturn,
    ReturnOfCapital,
    Step,
    WaterfallError,
)

EUROPEAN = (ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), CarrySplit(0.2))
GANZHOU = (CedeTier(2.0, 0.2), CedeTier(2.5, 0.4), CedeTier(3.0, 0.6))


def terms(*commitments: int | str, manager: int | None = None, steps: Sequence[Step]) -> Waterfall:
    return Waterfall(tuple(Decimal(c) for c in commitments), manager, tuple(steps))


def flows(*rows: tuple[int, int | str, int | str]) -> list[CentFlow]:
    return [CentFlow(year, Decimal(called), Decimal(paid)) for year, called, paid in rows]


def totals(years: Sequence[CentYear]) -> dict[int, Decimal]:
    out: dict[int, Decimal] = {}
    for year in years:
        for payment in year.payments:
            out[payment.recipient] = out.get(payment.recipient, Decimal(0)) + payment.amount
    return out


def test_the_published_case_gives_1800_and_200() -> None:
    table = Path(__file__).parents[3] / "data" / "reference" / "fund.csv"
    with table.open(encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["case"] == "european_waterfall")
    assert row["expected"] == "LP 1800; GP 200"
    investors, manager = european_waterfall_case(1000.0, 2000.0, 0.08, 0.2)
    assert investors == pytest.approx(1800.0, abs=float(row["tolerance"]))
    assert manager == pytest.approx(200.0, abs=float(row["tolerance"]))


@pytest.mark.parametrize(
    ("received", "manager"),
    [
        (900, 0),  # less than capital
        (1050, 0),  # capital, part of the preferred return
        (1080, 0),  # exactly the hurdle
        (1090, 10),  # inside the catch-up: all 10 above 1080 go to the manager
        (1100, 20),  # the catch-up ends at a return of 8 % / 0.8 = 10 %: 20 % of 100
        (1200, 40),  # 20 % of all profit from there on
    ],
)
def test_full_catch_up_reaches_its_share_at_hurdle_over_one_minus_carry(received: int, manager: int) -> None:
    got = european_waterfall_case(1000.0, float(received), 0.08, 0.2)
    assert got == pytest.approx((received - manager, manager), abs=1e-9)


@pytest.mark.parametrize(
    ("received", "manager"),
    [
        # Half of the cash above 1080 until m = 20 % of the profit: 0.5 x = 0.2 (80 + x), x = 53.333, m = 26.667
        (1100, 10.0),
        (1080 + 160 / 3, 80 / 3),
        (1200, 40.0),
    ],
)
def test_partial_catch_up(received: float, manager: float) -> None:
    _, got = european_waterfall_case(1000.0, received, 0.08, 0.2, manager_share=0.5)
    assert got == pytest.approx(manager, abs=0.0067)  # cut to the cent


def test_without_catch_up_only_what_is_above_the_hurdle_is_split() -> None:
    waterfall = terms(1000, 0, manager=1, steps=[ReturnOfCapital(), PreferredReturn(0.08), CarrySplit(0.2)])
    # 2000 - 1000 - 80 = 920, of which 184 to the manager
    got = totals(run_cents(waterfall, flows((0, 1000, 0), (1, 0, 2000))))
    assert got == {0: Decimal("1816.00"), 1: Decimal("184.00")}


def test_a_deal_with_two_distributions() -> None:
    # Year 1: owed 1000 + 80; 580 pays 500... capital first: capital left 420, preferred 80 unpaid.
    # Year 2: preferred 80 + 8 % of (420 + 80) = 120; 1000 pays 420, 120, catch-up 0.25 * 120 = 30, then 430 80/20:
    # 344 and 86. Manager 116 = 20 % of the profit 580 + 1000 - 1000 = 580.
    waterfall = terms(1000, 0, manager=1, steps=EUROPEAN)
    first, second = run_cents(waterfall, flows((0, 1000, 0), (1, 0, 580), (2, 0, 1000)))[1:]
    assert [(p.step, p.recipient, p.amount) for p in first.payments] == [(0, 0, Decimal(580))]
    assert [(p.step, p.recipient, p.amount) for p in second.payments] == [
        (0, 0, Decimal(420)),
        (1, 0, Decimal(120)),
        (2, 1, Decimal(30)),
        (3, 0, Decimal(344)),
        (3, 1, Decimal(86)),
    ]


def test_the_preferred_return_compounds_over_years_without_flows() -> None:
    # 1000 * 1.08**3 = 1259.712 is owed after three years.
    waterfall = terms(1000, 0, manager=1, steps=EUROPEAN)
    last = run_cents(waterfall, flows((0, 1000, 0), (3, 0, "1259.71")))[-1]
    assert [(p.step, p.amount) for p in last.payments] == [(0, Decimal(1000)), (1, Decimal("259.71"))]


def test_no_carry_is_paid_below_the_hurdle() -> None:
    got = totals(run_cents(terms(600, 400, 0, manager=2, steps=EUROPEAN), flows((0, 1000, 0), (2, 0, 1166))))
    assert got == {0: Decimal("699.60"), 1: Decimal("466.40")}  # 1000 * 1.08**2 = 1166.40


@pytest.mark.parametrize(
    ("multiple", "ceded"),
    [(0.0, 0), (1.99, 0), (2.0, 40), (2.49, 40), (2.5, 80), (3.0, 120), (7.0, 120)],
)
def test_ganzhou_tiers(multiple: float, ceded: int) -> None:
    # Profit 500; the guide fund holds 40 %, so its excess is 200, of which 0 / 20 / 40 / 60 % are ceded.
    steps: list[Step] = [ReturnOfCapital(), CedeExcess(0, GANZHOU, multiple), CarrySplit(0.0)]
    year = run_cents(terms(400, 450, 150, steps=steps), flows((0, 1000, 0), (1, 0, 1500)))[-1]
    # The other two share what is ceded 450 : 150.
    assert totals([year]) == {0: 600 - ceded, 1: 675 + Decimal(ceded) * 3 / 4, 2: 225 + Decimal(ceded) / 4}
    assert sum(p.amount for p in year.payments if p.step == 1) == ceded


def test_ceding_leaves_capital_and_preferred_return_alone() -> None:
    steps: list[Step] = [
        ReturnOfCapital(),
        PreferredReturn(0.08),
        CedeExcess(0, (CedeTier(0.0, 1.0),), 1.0),
        CarrySplit(0.0),
    ]
    got = totals(run_cents(terms(400, 600, steps=steps), flows((0, 1000, 0), (1, 0, 1500))))
    assert got == {0: Decimal(432), 1: Decimal(648 + 420)}


def test_the_grass_roots_share_comes_before_the_carry() -> None:
    # 1000 above capital: 10 % = 100 to the grass roots, 20 % of 900 = 180 to the manager.
    steps: list[Step] = [ReturnOfCapital(), GrassrootsShare(0.1), CarrySplit(0.2)]
    got = totals(run_cents(terms(1000, 0, manager=1, steps=steps), flows((0, 1000, 0), (1, 0, 2000))))
    assert got == {0: Decimal(1720), 1: Decimal(180), GRASSROOTS: Decimal(100)}


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: terms(1, steps=[ReturnOfCapital()]), "steps[0]"),
        (lambda: terms(1, steps=[]), "steps"),
        (lambda: terms(1, steps=[CarrySplit(0.0)]), "steps"),
        (lambda: terms(1, steps=[ReturnOfCapital(), CarrySplit(0.0), CarrySplit(0.0)]), "steps[1]"),
        (
            lambda: terms(
                1, steps=[ReturnOfCapital(), GrassrootsShare(0.1), PreferredReturn(0.1), CarrySplit(0.0)]
            ),
            "steps[2]",
        ),
        (lambda: terms(1, steps=[ReturnOfCapital(), CarrySplit(0.2)]), "partners"),
        (lambda: terms(0, steps=[ReturnOfCapital(), CarrySplit(0.0)]), "partners"),
        (lambda: terms(1, manager=1, steps=[ReturnOfCapital(), CarrySplit(0.2)]), "partners"),
        (lambda: terms(steps=[ReturnOfCapital(), CarrySplit(0.0)]), "partners"),
        (lambda: terms(1, -1, steps=[ReturnOfCapital(), CarrySplit(0.0)]), "partners[1].commitment"),
        (
            lambda: terms(1, 0, manager=1, steps=[ReturnOfCapital(), CatchUp(0.2, 0.2), CarrySplit(0.2)]),
            "steps[1].catch_up.manager_share",
        ),
        (
            lambda: terms(1, steps=[ReturnOfCapital(), PreferredReturn(-0.1), CarrySplit(0.0)]),
            "steps[1].preferred_return.rate_annual",
        ),
        (
            lambda: terms(
                1, 1, steps=[ReturnOfCapital(), CedeExcess(0, GANZHOU[::-1], 2.0), CarrySplit(0.0)]
            ),
            "steps[1].cede_excess.tiers[1].from_multiple",
        ),
        (
            lambda: terms(1, 1, steps=[ReturnOfCapital(), CedeExcess(0, (), 2.0), CarrySplit(0.0)]),
            "steps[1].cede_excess.tiers",
        ),
        (
            lambda: terms(1, 0, steps=[ReturnOfCapital(), CedeExcess(0, GANZHOU, 2.0), CarrySplit(0.0)]),
            "steps[1].cede_excess.partner_id",
        ),
        (
            lambda: terms(
                1, 1, steps=[ReturnOfCapital(), CedeExcess(0, (CedeTier(1.0, 1.2),), 2.0), CarrySplit(0.0)]
            ),
            "steps[1].cede_excess.tiers[0].ceded_share",
        ),
    ],
)
def test_terms_that_cannot_be_run_are_refused_with_the_place(
    make: Callable[[], Waterfall], field: str
) -> None:
    with pytest.raises(WaterfallError) as caught:
        make()
    assert field in [flaw.field for flaw in caught.value.flaws]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([(0, 600, 0), (1, 401, 0)], "flows[1].called"),
        ([(0, 600, 0), (0, 1, 0)], "flows[1].year"),
        ([(-1, 600, 0)], "flows[0].year"),
        ([(0, -1, 0)], "flows[0].called"),
        ([(0, 1, "0.001")], "flows[0].distributable"),
    ],
)
def test_flows_that_cannot_be_run_are_refused_with_the_place(
    rows: list[tuple[int, int, int]], field: str
) -> None:
    with pytest.raises(WaterfallError) as caught:
        run_cents(terms(600, 400, 0, manager=2, steps=EUROPEAN), flows(*rows))
    assert [flaw.field for flaw in caught.value.flaws] == [field]


def test_missing_cents_go_to_the_largest_remainders() -> None:
    assert split_cents(100_00, [1, 1, 1]) == [33_34, 33_33, 33_33]


cents = st.integers(0, 10**11).map(lambda n: Decimal(n) / 100)
fractions = st.integers(0, 100).map(lambda n: n / 100)


@st.composite
def any_terms(draw: st.DrawFn) -> Waterfall:
    n = draw(st.integers(2, 4))
    commitments = tuple(Decimal(draw(st.integers(1, 10**9))) for _ in range(n))
    carry = draw(st.integers(0, 50)) / 100
    middle: list[Step] = []
    if draw(st.booleans()):
        middle.append(GrassrootsShare(draw(fractions)))
    if draw(st.booleans()):
        middle.append(CedeExcess(0, GANZHOU, draw(st.sampled_from([0.0, 2.0, 2.6, 3.0]))))
    if draw(st.booleans()):
        middle.append(CatchUp(draw(st.integers(51, 100)) / 100, carry))
    steps = (
        ReturnOfCapital(),
        PreferredReturn(draw(st.integers(0, 20)) / 100),
        *draw(st.permutations(middle)),
        CarrySplit(carry),
    )
    return Waterfall(commitments, n - 1, steps)


@st.composite
def any_case(draw: st.DrawFn) -> tuple[Waterfall, list[CentFlow]]:
    waterfall = draw(any_terms())
    total = sum(waterfall.commitments, Decimal(0))
    n_years = draw(st.integers(1, 6))
    each = round(total / n_years, 2) - 1
    called = [draw(st.sampled_from([Decimal(0), max(each, Decimal(0))])) for _ in range(n_years)]
    multiples = [draw(st.integers(0, 300)) for _ in range(n_years)]
    return waterfall, [
        CentFlow(year, call, round(total * multiple / 100, 2))
        for year, (call, multiple) in enumerate(zip(called, multiples, strict=True))
    ]


@given(any_case())
def test_every_year_pays_out_exactly_what_was_distributable(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, given_flows = case
    for flow, year in zip(given_flows, run_cents(waterfall, given_flows), strict=True):
        assert sum((p.amount for p in year.payments), Decimal(0)) == flow.distributable
        assert sum(year.paid_in, Decimal(0)) == flow.called
        assert all(p.amount > 0 for p in year.payments)


@given(any_case())
def test_paths_and_cents_agree_to_the_cent(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, given_flows = case
    called = np.array([float(flow.called) for flow in given_flows])
    cash = np.array([[float(flow.distributable)] * 2 for flow in given_flows])
    exact = run_cents(waterfall, given_flows)
    for year, in_cents in zip(run_paths(waterfall, called, cash), exact, strict=True):
        scale = max(float(cash.sum()), float(called.sum()), 1.0)
        assert check_conservation(year) <= 1e-12 * scale
        booked: dict[tuple[int, int], float] = {}
        for payment in year.payments:
            key = (payment.step, payment.recipient)
            booked[key] = booked.get(key, 0.0) + float(np.broadcast_to(payment.amount, (2,))[1])
        for paid in in_cents.payments:
            booked[paid.step, paid.recipient] -= float(paid.amount)
        # A payment is rounded by less than a cent; the rest is float noise relative to the fund.
        assert max(map(abs, booked.values())) <= 0.01 + 1e-12 * scale


@given(any_case())
def test_no_carry_while_capital_or_preferred_return_is_owed(case: tuple[Waterfall, list[CentFlow]]) -> None:
    waterfall, given_flows = case
    # Second method: an account of what the partners are owed, from the payments alone.
    owed = Decimal(0)
    rate = Decimal(repr(waterfall.hurdle_rate_annual))
    for flow, year in zip(given_flows, run_cents(waterfall, given_flows), strict=True):
        owed = owed * (1 + rate) + flow.called if flow.year else flow.called
        paid = sum((p.amount for p in year.payments if p.step <= 1), Decimal(0))
        owed -= paid
        above = sum((p.amount for p in year.payments if p.step > 1), Decimal(0))
        # Each year's rounding may leave a cent a partner, which grows with the hurdle.
        assert above <= Decimal("0.05") or owed <= Decimal("0.5")


@given(any_case(), st.sampled_from([2.0, 2.5, 3.0]))
def test_ceding_moves_excess_only(case: tuple[Waterfall, list[CentFlow]], multiple: float) -> None:
    waterfall, given_flows = case
    core = [step for step in waterfall.steps if not isinstance(step, CedeExcess)]
    without = Waterfall(waterfall.commitments, waterfall.manager, tuple(core))
    ceding = CedeExcess(0, GANZHOU, multiple)
    with_ceding = Waterfall(waterfall.commitments, waterfall.manager, (*core[:2], ceding, *core[2:]))
    called = np.array([float(flow.called) for flow in given_flows])
    cash = np.array([[float(flow.distributable)] for flow in given_flows])
    for plain, ceded in zip(
        run_paths(without, called, cash), run_paths(with_ceding, called, cash), strict=True
    ):
        safe = sum(float(np.sum(p.amount)) for p in plain.payments if p.recipient == 0 and p.step <= 1)
        kept = sum(float(np.sum(p.amount)) for p in ceded.payments if p.recipient == 0 and p.step <= 1)
        assert kept == safe
        excess = float(received_by(plain, 0)[0]) - safe
        gives = float(received_by(plain, 0)[0] - received_by(ceded, 0)[0])
        assert -1e-5 <= ceding.ceded_share() * excess - gives < 0.01 * len(plain.payments)  # cut to the cent
