"""One year of a waterfall: what comes in, what is paid to whom."""

from dataclasses import dataclass
from typing import Generic, TypeVar

A = TypeVar("A")
"""Type of an amount: one or many, cents or CNY."""

GRASSROOTS = -1
"""Position that stands for the grass roots among recipients."""
ESCROW = -2
"""Position that stands for the account on which carry waits."""


@dataclass(frozen=True, slots=True)
class Payment(Generic[A]):
    """What one step pays one recipient in a year; `recipient` is a partner's position, GRASSROOTS or ESCROW."""

    step: int
    recipient: int
    amount: A


@dataclass(frozen=True, slots=True)
class DealFlow(Generic[A]):
    """Cash of one deal in one year, cents; `realised` is 1 in the year after which nothing more comes, else 0."""

    called: A
    distributable: A
    realised: A


@dataclass(frozen=True, slots=True)
class Year(Generic[A]):
    """What happened in one year.

    Attributes:
        year: years from the first closing.
        called: from all partners.
        paid_in: of each partner.
        distributable: cash of the year.
        payments: in order of step; they add up to `distributable`.
        carry: of the manager beyond its part as a partner, what waits in escrow included.
        returned: capital paid back.
        grassroots: what each deal's cash gave to the grass roots.
    """

    year: int
    called: A
    paid_in: tuple[A, ...]
    distributable: A
    payments: tuple[Payment[A], ...]
    carry: A
    returned: A
    grassroots: tuple[A, ...]
