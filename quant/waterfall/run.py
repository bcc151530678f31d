"""The interpreter of the distribution waterfall, in whole cents: one code for one path and for many.

A year runs in this order. The preferred return of the time since the flow before accrues on unreturned capital and on
preferred return not yet paid, to the cent each year. Then capital is called. Then each deal's cash pays its own capital
and preferred return; what a realised deal leaves unpaid joins the general account. What is left of each deal pays the
general account and then runs through the steps that share profit. A fund that distributes as a whole is one deal.
Carry and shares are cut to the cent in favour of the partners; pro-rata payments are split by largest remainders
(docs/models/waterfall.md).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Generic

from quant.repayment.whole_cents import CentMath, T, ratio
from quant.waterfall.ledger import Account, DealLedger, Pools, Totals
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    CedeExcess,
    GrassrootsShare,
    PreferredReturn,
    ReturnOfCapital,
)
from quant.waterfall.terms import Waterfall
from quant.waterfall.year import ESCROW, GRASSROOTS, DealFlow, Payment, Year


class WaterfallRun(Generic[T]):
    """One interpretation of a waterfall, year after year.

    Args:
        waterfall: the terms.
        math: arithmetic of one amount or of many.
        n_deals: in each year's flows; 1 where the whole fund distributes.
    """

    def __init__(self, waterfall: Waterfall, math: CentMath[T], n_deals: int = 1) -> None:
        self.waterfall = waterfall
        self._steps = waterfall.steps
        self._math: CentMath[T] = math
        self._weights = waterfall.weights()
        self._groups = waterfall.groups()
        self._group_weights = [sum(group.weights) for group in self._groups]
        self._escrow_share = ratio(0.0 if waterfall.clawback is None else waterfall.clawback.escrow_share)
        self._deals: list[DealLedger[T]] = [
            DealLedger(self._accounts(), math.zero(), math.zero()) for _ in range(n_deals)
        ]
        self._general: list[Account[T]] = self._accounts()
        zero = math.zero()
        self.totals: Totals[T] = Totals(zero, zero, zero, zero, zero, [zero for _ in self._weights])
        self._group_at = [
            waterfall.group_of(step) if isinstance(step, ReturnOfCapital | PreferredReturn) else -1
            for step in self._steps
        ]
        self._caught_up = {ratio(step.carry_share) for step in self._steps if isinstance(step, CatchUp)}
        self._now = 0

    def advance(self, year: int, flows: Sequence[DealFlow[T]], expenses: T | None = None) -> Year[T]:
        """Run the next year.

        Args:
            year: not before the year before.
            flows: of each deal; one where the whole fund distributes.
            expenses: called for no deal, such as the fee; recovered before any deal's profit.
        """
        self._accrue(year)
        paid_in = self._call([flow.called for flow in flows], expenses)
        pools = self._pay([flow.distributable for flow in flows], [flow.realised for flow in flows])
        payments = [
            payment for position in range(len(self._steps)) for payment in self._payments(position, pools)
        ]
        zero = self._math.zero()
        called, cash, carry, returned = zero, zero, zero, zero
        for amount in paid_in:
            called = called + amount
        for flow in flows:
            cash = cash + flow.distributable
        for amount in pools.carry:
            carry = carry + amount
        for step, amount in zip(self._steps, pools.shared, strict=True):
            if isinstance(step, ReturnOfCapital):
                returned = returned + amount
        self._add(called, cash, carry, payments)
        payments.sort(key=lambda payment: payment.step)
        grassroots = tuple(pools.grassroots)
        return Year(year, called, paid_in, cash, tuple(payments), carry, returned, grassroots)

    def owed(self) -> T:
        """Capital and preferred return not yet paid, of all partners."""
        total = self._math.zero()
        for account in self._all_accounts():
            total = total + account.capital + account.preferred
        return total

    def _accounts(self) -> list[Account[T]]:
        return [Account(self._math.zero(), self._math.zero()) for _ in self._groups]

    def _all_accounts(self) -> list[Account[T]]:
        return [account for accounts in self._by_deal() for account in accounts]

    def _by_deal(self) -> list[list[Account[T]]]:
        return [deal.accounts for deal in self._deals] + [self._general]

    def _accrue(self, year: int) -> None:
        for _ in range(year - self._now):
            for accounts in self._by_deal():
                for group, account in zip(self._groups, accounts, strict=True):
                    base = account.capital if group.is_simple else account.capital + account.preferred
                    if group.rate_annual != 0 and not self._math.is_nothing(base):
                        accrued = self._math.rounded_part(base, group.rate_annual)
                        account.preferred = account.preferred + accrued
        self._now = year

    def _call(self, called: Sequence[T], expenses: T | None) -> tuple[T, ...]:
        """Book the calls; returns what each partner pays in."""
        of_groups = [self._math.zero() for _ in self._groups]
        amounts = list(called)
        amounts.append(self._math.zero() if expenses is None else expenses)
        for amount, accounts in zip(amounts, self._by_deal(), strict=True):
            if self._math.is_nothing(amount):
                continue
            for i, part in enumerate(self._math.split(amount, self._group_weights)):
                accounts[i].capital = accounts[i].capital + part
                of_groups[i] = of_groups[i] + part
        paid_in = [self._math.zero() for _ in self._weights]
        for group, amount in zip(self._groups, of_groups, strict=True):
            for member, part in zip(group.members, self._math.split(amount, group.weights), strict=True):
                paid_in[member] = part
        return tuple(paid_in)

    def _pay(self, cash: Sequence[T], realised: Sequence[T]) -> Pools[T]:
        zeros = [self._math.zero() for _ in self._steps]
        pools = Pools(zeros, list(zeros), [self._math.zero() for _ in self._deals])
        left = [
            self._pay_owed(pools, deal, deal.accounts, amount)
            for deal, amount in zip(self._deals, cash, strict=True)
        ]
        if self.waterfall.is_deal_by_deal:
            if self.waterfall.carries_losses:
                for deal, is_realised in zip(self._deals, realised, strict=True):
                    self._carry_loss(deal, is_realised)
            left = [
                self._pay_owed(pools, deal, self._general, amount)
                for deal, amount in zip(self._deals, left, strict=True)
            ]
        for i, deal in enumerate(self._deals):
            if not self._math.is_nothing(left[i]):
                pools.grassroots[i] = self._share_profit(pools, deal, left[i])
        return pools

    def _pay_owed(self, pools: Pools[T], deal: DealLedger[T], accounts: Sequence[Account[T]], cash: T) -> T:
        """Pay capital and preferred return of some accounts from a deal's cash; returns what is left."""
        if self._math.is_nothing(cash):
            return cash
        left = cash
        for i, step in enumerate(self._steps):
            match step:
                case ReturnOfCapital():
                    account = accounts[self._group_at[i]]
                    pool = self._math.smaller(left, account.capital)
                    account.capital = account.capital - pool
                case PreferredReturn():
                    account = accounts[self._group_at[i]]
                    pool = self._math.smaller(left, account.preferred)
                    account.preferred = account.preferred - pool
                    deal.profit = deal.profit + pool
                case _:
                    break
            pools.shared[i] = pools.shared[i] + pool
            left = left - pool
        return left

    def _carry_loss(self, deal: DealLedger[T], is_realised: T) -> None:
        for own, general in zip(deal.accounts, self._general, strict=True):
            capital, preferred = own.capital * is_realised, own.preferred * is_realised
            own.capital, general.capital = own.capital - capital, general.capital + capital
            own.preferred, general.preferred = own.preferred - preferred, general.preferred + preferred

    def _share_profit(self, pools: Pools[T], deal: DealLedger[T], cash: T) -> T:
        """Run what is above the preferred return through the other steps; returns what the grass roots get."""
        left, grassroots = cash, self._math.zero()
        for i, step in enumerate(self._steps):
            match step:
                case GrassrootsShare(share):
                    grassroots = self._math.part(left, ratio(share))
                    pools.shared[i] = pools.shared[i] + grassroots
                    left = left - grassroots
                case CatchUp(manager_share, carry_share):
                    pool = self._math.smaller(left, self._missing(deal, step))
                    self._share(pools, deal, i, pool, self._math.part(pool, ratio(manager_share)))
                    left = left - pool
                case CarrySplit(carry_share):
                    self._share(pools, deal, i, left, self._split_carry(deal, left, ratio(carry_share)))
                case _:
                    pass
        return grassroots

    def _missing(self, deal: DealLedger[T], step: CatchUp) -> T:
        """Cash x after which carry + manager_share x = carry_share (profit + x), 0 when it is reached."""
        target, share = ratio(step.carry_share), ratio(step.manager_share)
        gap = share - target
        missing = self._math.part_above(deal.profit, target / gap, deal.carry, 1 / gap)
        return self._math.larger(missing, self._math.zero())

    def _split_carry(self, deal: DealLedger[T], pool: T, share: Fraction) -> T:
        """The manager's part of the last step."""
        if share not in self._caught_up:
            return self._math.part(pool, share)
        # The catch-up before it was cut to the cent: here the manager reaches its share of all profit exactly.
        wanted = self._math.part(deal.profit + pool, share) - deal.carry
        return self._math.smaller(pool, self._math.larger(wanted, self._math.zero()))

    def _share(self, pools: Pools[T], deal: DealLedger[T], position: int, pool: T, carry: T) -> None:
        deal.profit = deal.profit + pool
        deal.carry = deal.carry + carry
        pools.carry[position] = pools.carry[position] + carry
        pools.shared[position] = pools.shared[position] + (pool - carry)

    def _payments(self, position: int, pools: Pools[T]) -> list[Payment[T]]:
        """Who gets what a step pays."""
        step, pool = self._steps[position], pools.shared[position]
        payments: list[Payment[T]] = []
        match step:
            case ReturnOfCapital() | PreferredReturn():
                group = self._groups[self._group_at[position]]
                payments = [
                    Payment(position, member, part)
                    for member, part in zip(group.members, self._math.split(pool, group.weights), strict=True)
                ]
            case GrassrootsShare():
                payments = [Payment(position, GRASSROOTS, pool)]
            case CatchUp() | CarrySplit():
                payments = self._excess(position, pool) + self._carry_payments(position, pools)
            case CedeExcess():
                pass
        return payments

    def _carry_payments(self, position: int, pools: Pools[T]) -> list[Payment[T]]:
        """The manager's carry, less what waits in escrow."""
        if self.waterfall.manager is None:
            return []
        carry = pools.carry[position]
        if self._escrow_share == 0:
            return [Payment(position, self.waterfall.manager, carry)]
        waiting = self._math.part(carry, self._escrow_share)
        return [
            Payment(position, self.waterfall.manager, carry - waiting),
            Payment(position, ESCROW, waiting),
        ]

    def _excess(self, position: int, pool: T) -> list[Payment[T]]:
        """Pro rata, less what partners cede; what is ceded is booked under the ceding step."""
        if self._math.is_nothing(pool):
            return []
        gross = self._math.split(pool, self._weights)
        kept = list(gross)
        payments: list[Payment[T]] = []
        for at, step in enumerate(self._steps[:position]):
            if not isinstance(step, CedeExcess):
                continue
            given = self._math.part(gross[step.partner], ratio(step.ceded_share()))
            kept[step.partner] = kept[step.partner] - given
            others = [0 if j == step.partner else weight for j, weight in enumerate(self._weights)]
            payments += [
                Payment(at, j, part) for j, part in enumerate(self._math.split(given, others)) if others[j]
            ]
        return payments + [Payment(position, j, part) for j, part in enumerate(kept)]

    def _add(self, called: T, cash: T, carry: T, payments: Sequence[Payment[T]]) -> None:
        totals = self.totals
        totals.called = totals.called + called
        totals.distributed = totals.distributed + cash
        totals.carry = totals.carry + carry
        for payment in payments:
            if payment.recipient == GRASSROOTS:
                totals.grassroots = totals.grassroots + payment.amount
            elif payment.recipient == ESCROW:
                totals.escrow = totals.escrow + payment.amount
            else:
                received = totals.received[payment.recipient]
                totals.received[payment.recipient] = received + payment.amount
        manager = self.waterfall.manager
        if manager is not None:
            paid = carry
            for payment in payments:
                if payment.recipient == ESCROW:
                    paid = paid - payment.amount
            totals.received[manager] = totals.received[manager] - paid
