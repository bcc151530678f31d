"""Measures a ledger: rates, multiples, payback and public-market equivalents, as a whole and by account."""

import bisect
import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from quant.arguments import FloatArray
from quant.performance import Record, multiples, payback_years, public_market_equivalents
from services.fund.performance.ledger import (
    MOST_ENTRIES,
    AccountPerformance,
    EntryKind,
    IndexLevel,
    LedgerEntry,
    LedgerPerformance,
)
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution, Severity
from services.runtime.violations import Violations

DAYS_A_YEAR = 365.0
"""As spreadsheets count."""
OLDEST_LEVEL_DAYS = 31
_EMPTIED = Caution(
    "INDEX_ACCOUNT_EMPTIED",
    Severity.NOTE,
    "同样的分配会使指数账户透支，Long-Nickels 结果不可靠，请看 PME+ 与直接超额",
    "The same distributions would empty the index account: do not rely on Long-Nickels; see PME+ and direct alpha",
)


def measure_performance(
    entries: Sequence[LedgerEntry], index: Sequence[IndexLevel] = (), as_of: dt.date | None = None
) -> LedgerPerformance:
    """Measure a ledger.

    Args:
        entries: in any order, at least one contribution.
        index: levels in any order, empty for no comparison.
        as_of: not before the last entry; None means its day.

    Raises:
        InvalidInput: with the path of each field that is wrong.
    """
    last = _checked(entries, as_of)
    levels = _levels(entries, index, last)
    whole = _measure("", entries, levels, last)
    by_account: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        by_account.setdefault(entry.account_id, []).append(entry)
    accounts = []
    for account_id, own in sorted(by_account.items()):
        if any(entry.kind is EntryKind.CONTRIBUTION and entry.amount_cny > 0 for entry in own):
            accounts.append(_measure(account_id, own, levels, last))
    return LedgerPerformance((whole, *accounts), last)


def _checked(entries: Sequence[LedgerEntry], as_of: dt.date | None) -> dt.date:
    violations = Violations()
    violations.require(
        len(entries) <= MOST_ENTRIES, "entries", f"found {len(entries)}, expected at most {MOST_ENTRIES}"
    )
    paid = [entry for entry in entries if entry.kind is EntryKind.CONTRIBUTION and entry.amount_cny > 0]
    violations.require(bool(paid), "entries", "found no contribution above 0, expected at least one")
    for i, entry in enumerate(entries):
        good = entry.amount_cny.is_finite() and entry.amount_cny >= 0
        found = f"found {entry.amount_cny}, expected an amount of 0 or more"
        violations.require(good, f"entries[{i}].amount", found)
    violations.raise_if_any()
    newest = max(entry.date for entry in entries)
    if as_of is not None and as_of < newest:
        raise InvalidInput.of("as_of", f"found {as_of}, expected not before the last entry of {newest}")
    return newest if as_of is None else as_of


def _levels(
    entries: Sequence[LedgerEntry], index: Sequence[IndexLevel], last: dt.date
) -> dict[dt.date, float]:
    """The level of each day that is asked for: the last one on or before it; empty without an index."""
    if not index:
        return {}
    violations = Violations()
    seen: set[dt.date] = set()
    for i, level in enumerate(index):
        violations.require_positive(f"index_levels[{i}].level", level.level)
        found = f"found {level.date} twice, expected each day once"
        violations.require(level.date not in seen, f"index_levels[{i}].date", found)
        seen.add(level.date)
    violations.raise_if_any()
    ordered = sorted(index, key=lambda level: level.date)
    days = [level.date for level in ordered]
    levels: dict[dt.date, float] = {}
    for day in sorted({entry.date for entry in entries} | {last}):
        place = bisect.bisect_right(days, day) - 1
        if place < 0 or (day - days[place]).days > OLDEST_LEVEL_DAYS:
            newest = "none before it" if place < 0 else f"the last before it of {days[place]}"
            violations.add(
                "index_levels",
                f"found no level for {day} ({newest}), expected one at most {OLDEST_LEVEL_DAYS} days old",
            )
            continue
        levels[day] = ordered[place].level
    violations.raise_if_any()
    return levels


def _measure(
    account_id: str, entries: Sequence[LedgerEntry], levels: dict[dt.date, float], last: dt.date
) -> AccountPerformance:
    flows = sorted(
        (entry for entry in entries if entry.kind is not EntryKind.NET_ASSET_VALUE),
        key=lambda entry: entry.date,
    )
    nav, oldest = _net_asset_value(entries)
    first = flows[0].date
    record = Record(
        np.array([_years(first, entry.date) for entry in flows]),
        _amounts(flows, EntryKind.CONTRIBUTION),
        _amounts(flows, EntryKind.DISTRIBUTION),
        float(nav),
        _years(first, last),
    )
    cautions = list(_cautions(entries, oldest, last))
    rates: tuple[float, ...] = ()
    try:
        rates = tuple(float(rate) for rate in record.rates())
    except ValueError as error:
        cautions.append(
            Caution(
                "RATES_NOT_SEARCHED",
                Severity.WARNING,
                "现金流正负号变化过多或同日相抵，未计算收益率",
                f"No rate of return was searched: {error}",
            )
        )
    if len(rates) > 1:
        listed = ", ".join(f"{rate:.4%}" for rate in rates)
        cautions.append(
            Caution(
                "SEVERAL_RATES",
                Severity.WARNING,
                f"现金流多次变号，有 {len(rates)} 个收益率：{listed}，不取其一",
                f"The flows turn more than once and have {len(rates)} rates: {listed}; none is chosen",
            )
        )
    ratios = multiples(record)
    equivalents = None
    if levels:
        at_flows = np.array([levels[entry.date] for entry in flows])
        equivalents = public_market_equivalents(record, at_flows, levels[last])
        if equivalents.long_nickels_value < 0.0:
            cautions.append(_EMPTIED)
    return AccountPerformance(
        account_id,
        _total(flows, EntryKind.CONTRIBUTION),
        _total(flows, EntryKind.DISTRIBUTION),
        nav,
        rates[0] if len(rates) == 1 else None,
        rates,
        ratios.dpi,
        ratios.rvpi,
        ratios.tvpi,
        payback_years(record),
        equivalents,
        tuple(cautions),
    )


def _years(first: dt.date, day: dt.date) -> float:
    return (day - first).days / DAYS_A_YEAR


def _amounts(flows: Sequence[LedgerEntry], kind: EntryKind) -> FloatArray:
    return np.array([float(entry.amount_cny) if entry.kind is kind else 0.0 for entry in flows])


def _total(flows: Sequence[LedgerEntry], kind: EntryKind) -> Decimal:
    return sum((entry.amount_cny for entry in flows if entry.kind is kind), Decimal(0))


def _net_asset_value(entries: Sequence[LedgerEntry]) -> tuple[Decimal, dt.date | None]:
    """The sum of each account's latest value, and the oldest of their days."""
    latest: dict[str, LedgerEntry] = {}
    for entry in entries:
        if entry.kind is EntryKind.NET_ASSET_VALUE:
            before = latest.get(entry.account_id)
            if before is None or entry.date >= before.date:
                latest[entry.account_id] = entry
    total = sum((entry.amount_cny for entry in latest.values()), Decimal(0))
    return total, min((entry.date for entry in latest.values()), default=None)


def _cautions(entries: Sequence[LedgerEntry], oldest: dt.date | None, last: dt.date) -> Iterator[Caution]:
    if oldest is None:
        yield Caution(
            "NO_NET_ASSET_VALUE",
            Severity.NOTE,
            "未给出期末净值，按 0 计算",
            "No net asset value was given: it counts as 0",
        )
        return
    if oldest < last:
        yield Caution(
            "NET_ASSET_VALUE_IS_OLDER",
            Severity.NOTE,
            f"净值日期为 {oldest}，早于计量日 {last}，按计量日的净值使用",
            f"A net asset value of {oldest} is taken as that of {last}",
        )
    yield from _flows_after_value(entries)


def _flows_after_value(entries: Sequence[LedgerEntry]) -> Iterator[Caution]:
    """Flows of an account after its latest value: the value still holds what was paid out since."""
    valued: dict[str, dt.date] = {}
    for entry in entries:
        if entry.kind is EntryKind.NET_ASSET_VALUE:
            valued[entry.account_id] = max(entry.date, valued.get(entry.account_id, entry.date))
    later = [
        entry
        for entry in entries
        if entry.kind is not EntryKind.NET_ASSET_VALUE
        and entry.account_id in valued
        and entry.date > valued[entry.account_id]
        and entry.amount_cny > 0
    ]
    if later:
        paid, received = (_total(later, kind) for kind in (EntryKind.CONTRIBUTION, EntryKind.DISTRIBUTION))
        yield Caution(
            "FLOWS_AFTER_NET_ASSET_VALUE",
            Severity.WARNING,
            f"净值日之后又分配 {received:,.2f} 元、出资 {paid:,.2f} 元，净值未作调整，可能重复或遗漏计算："
            "请补充其后的净值",
            f"After the net asset value {received:,.2f} CNY were distributed and {paid:,.2f} CNY contributed; the "
            "value is not adjusted and may count them twice or not at all: state a value after these flows",
        )
