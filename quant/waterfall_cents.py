"""The waterfall of one path in exact money: Decimals inside, rounded to cents once, every year adding up exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from quant.waterfall import ExactPath, Waterfall, WaterfallRun, Year
from quant.waterfall_steps import Flaw, WaterfallError

CENT = Decimal("0.01")
_PRECISION = 60


@dataclass(frozen=True, slots=True)
class CentFlow:
    """Cash of one year: called from all partners and to be distributed, CNY, whole cents, >= 0."""

    year: int
    called: Decimal
    distributable: Decimal


@dataclass(frozen=True, slots=True)
class CentPayment:
    """A payment of whole cents; `recipient` is a partner's position or `quant.waterfall.GRASSROOTS`."""

    year: int
    step: int
    recipient: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CentYear:
    """One year in cents: what each partner paid in, and the payments above 0 in order of step and recipient."""

    year: int
    paid_in: tuple[Decimal, ...]
    payments: tuple[CentPayment, ...]


def run_cents(waterfall: Waterfall, flows: Sequence[CentFlow]) -> tuple[CentYear, ...]:
    """Run one path exactly.

    The state between years stays unrounded; a year's payments are rounded to cents by largest remainders, so that
    they add up to what was distributable, and calls likewise.

    Raises:
        WaterfallError: with every flaw of the flows: years not increasing, amounts below 0 or with fractions of a
            cent, calls beyond the commitments.
    """
    flaws = find_flow_flaws(waterfall, flows)
    if flaws:
        raise WaterfallError(flaws)
    with localcontext() as context:
        context.prec = _PRECISION
        run = WaterfallRun(waterfall, ExactPath())
        return tuple(_in_cents(run.advance(flow.year, flow.called, flow.distributable)) for flow in flows)


def find_flow_flaws(waterfall: Waterfall, flows: Sequence[CentFlow]) -> list[Flaw]:
    """Everything that is wrong with the flows."""
    flaws = []
    called, committed = Decimal(0), sum(waterfall.commitments, Decimal(0))
    before = -1
    for i, flow in enumerate(flows):
        if flow.year <= before:
            expected = "0 or more" if before < 0 else f"above {before}, the year before it"
            flaws.append(Flaw(f"flows[{i}].year", f"found {flow.year}, expected {expected}"))
        before = max(before, flow.year)
        for name, amount in (("called", flow.called), ("distributable", flow.distributable)):
            if not (amount.is_finite() and amount >= 0):
                flaws.append(Flaw(f"flows[{i}].{name}", f"found {amount}, expected an amount of 0 or more"))
            elif amount != round(amount, 2):
                flaws.append(Flaw(f"flows[{i}].{name}", f"found {amount}, expected whole cents"))
        called += flow.called
        if called > committed >= called - flow.called:
            flaws.append(
                Flaw(
                    f"flows[{i}].called",
                    f"found {called} called so far, expected at most the commitments of {committed}",
                )
            )
    return flaws


def round_to_cents(amounts: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """Amounts in whole cents that add up to `total`, each within a cent of what it was.

    Every amount is cut to cents; the cents that are missing go to the largest remainders, the first one of equals.

    Args:
        amounts: >= 0, their sum within half a cent of `total`.
        total: whole cents.
    """
    # Twelve decimals are far below a cent and far above the noise of the last digit of a division.
    cleaned = [round(amount, 12) for amount in amounts]
    cut = [amount // CENT * CENT for amount in cleaned]
    missing = int((total - sum(cut, Decimal(0))) / CENT)
    by_remainder = sorted(range(len(cut)), key=lambda i: (cut[i] - cleaned[i], i))
    for i in by_remainder[:missing]:
        cut[i] += CENT
    return cut


def _in_cents(year: Year[Decimal]) -> CentYear:
    merged: dict[tuple[int, int], Decimal] = {}
    for payment in year.payments:
        key = (payment.step, payment.recipient)
        merged[key] = merged.get(key, Decimal(0)) + payment.amount
    # The grass roots come after the partners of the same step.
    keys = sorted(merged, key=lambda key: (key[0], key[1] < 0, key[1]))
    amounts = round_to_cents([merged[key] for key in keys], year.distributable)
    payments = tuple(
        CentPayment(year.year, step, recipient, amount)
        for (step, recipient), amount in zip(keys, amounts, strict=True)
        if amount != 0
    )
    return CentYear(year.year, tuple(round_to_cents(year.paid_in, year.called)), payments)
