"""A ledger of dated cash flows, and what was measured on it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quant.performance import PublicMarketEquivalents
from services.runtime.results import Caution

MOST_ENTRIES = 100_000


class EntryKind(StrEnum):
    """What an entry of a ledger is."""

    CONTRIBUTION = "contribution"
    DISTRIBUTION = "distribution"
    NET_ASSET_VALUE = "nav"
    """On a day; the latest of an account counts."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A row of a ledger.

    Attributes:
        date: of the flow or the value.
        account_id: deal or partner.
        kind: what it is.
        amount_cny: >= 0.
    """

    date: dt.date
    account_id: str
    kind: EntryKind
    amount_cny: Decimal


@dataclass(frozen=True, slots=True)
class IndexLevel:
    """A level, above 0, of a total-return index."""

    date: dt.date
    level: float


@dataclass(frozen=True, slots=True)
class AccountPerformance:
    """Performance of one account, or of all.

    Attributes:
        account_id: deal or partner, "" for all together.
        paid_in_cny, received_cny, nav_cny: totals and the last net asset value.
        irr_annual: days over 365; None where there is not exactly one.
        rates: every rate above -100 %.
        dpi, rvpi, tvpi: received, residual and both over paid-in.
        payback_years: from the first flow, None for never.
        equivalents: beside the index, None without one.
        cautions: warnings.
    """

    account_id: str
    paid_in_cny: Decimal
    received_cny: Decimal
    nav_cny: Decimal
    irr_annual: float | None
    rates: tuple[float, ...]
    dpi: float
    rvpi: float
    tvpi: float
    payback_years: float | None
    equivalents: PublicMarketEquivalents | None
    cautions: tuple[Caution, ...]


@dataclass(frozen=True, slots=True)
class LedgerPerformance:
    """All accounts together first, then each; measured to a day."""

    accounts: tuple[AccountPerformance, ...]
    as_of: dt.date
