"""What a waterfall remembers between years, and what it collects within one."""

from dataclasses import dataclass
from typing import Generic

from quant.repayment.whole_cents import T


@dataclass(slots=True)
class Account(Generic[T]):
    """What is owed to one group."""

    capital: T
    preferred: T


@dataclass(slots=True)
class DealLedger(Generic[T]):
    """A deal's accounts by group, and what its cash has shared so far."""

    accounts: list[Account[T]]
    profit: T
    carry: T


@dataclass(slots=True)
class Totals(Generic[T]):
    """Sums over the years so far; `received` leaves carry out."""

    called: T
    distributed: T
    grassroots: T
    carry: T
    escrow: T
    received: list[T]


@dataclass(slots=True)
class Pools(Generic[T]):
    """What each step pays in one year over all deals: to a group, to the partners as excess, to the manager."""

    shared: list[T]
    carry: list[T]
    grassroots: list[T]
