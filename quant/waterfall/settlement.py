"""The end of a fund: carry that the whole fund's cash does not support is given back, escrow is paid out.

What the manager may keep is the smallest of: the carry of the same steps over all cash together; its share of the
fund's profit; that carry less what the partners are still owed then. It gives back the rest, at most what tax has left
of its carry, from escrow first. What it gives back goes to partners in proportion to what each got less than the whole
fund's steps would have given it, and beyond that pro rata of commitments.
"""

from typing import Generic

from quant.repayment.whole_cents import CentMath, T, ratio
from quant.waterfall.run import WaterfallRun
from quant.waterfall.steps import Clawback
from quant.waterfall.year import ESCROW, Payment


class Settlement(Generic[T]):
    """What is paid at the end.

    Args:
        run: that paid the carry.
        whole: the same cash through the steps of the whole fund; the run itself where it is one.
        math: their arithmetic.
    """

    def __init__(self, run: WaterfallRun[T], whole: WaterfallRun[T], math: CentMath[T]) -> None:
        self._run: WaterfallRun[T] = run
        self._whole: WaterfallRun[T] = whole
        self._math: CentMath[T] = math

    def given_back(self, rule: Clawback) -> T:
        """By the manager, cents."""
        carry = self._run.totals.carry
        due = self._math.larger(carry - self.supported(), self._math.zero())
        return self._math.smaller(due, carry - self._math.part(carry, ratio(rule.tax_share)))

    def supported(self) -> T:
        """Carry that the manager may keep."""
        zero = self._math.zero()
        totals = self._run.totals
        profit = self._math.larger(totals.distributed - totals.grassroots - totals.called, zero)
        share = self._math.part(profit, self._run.waterfall.largest_carry_share)
        of_whole = self._whole.totals.carry
        after_debts = self._math.larger(of_whole - self._whole.owed(), zero)
        return self._math.smaller(self._math.smaller(of_whole, share), after_debts)

    def payments(self) -> list[Payment[T]]:
        """Booked under the position after the last step; they add up to nothing."""
        rule, manager = self._run.waterfall.clawback, self._run.waterfall.manager
        if rule is None or manager is None:
            return []
        position = len(self._run.waterfall.steps)
        back, escrow = self.given_back(rule), self._run.totals.escrow
        payments = [Payment(position, ESCROW, -escrow), Payment(position, manager, escrow - back)]
        for partner, part in enumerate(self._to_partners(back)):
            payments.append(Payment(position, partner, part))
        return payments

    def _to_partners(self, back: T) -> list[T]:
        got, would = self._run.totals.received, self._whole.totals.received
        zero = self._math.zero()
        short = [self._math.larger(theirs - ours, zero) for ours, theirs in zip(got, would, strict=True)]
        missing = zero
        for amount in short:
            missing = missing + amount
        first = self._math.smaller(back, missing)
        rest = self._math.split(back - first, self._run.waterfall.weights())
        made_up = self._math.split_by(first, short)
        return [part + more for part, more in zip(made_up, rest, strict=True)]
