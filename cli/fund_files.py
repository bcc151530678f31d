"""The CSV files of the fund's commands: flows of a waterfall, ledgers, index levels, observed flows of a commitment."""

from decimal import Decimal
from pathlib import Path

from cli.table_file import TableRow, read_table
from services.fund.performance.ledger import EntryKind, IndexLevel, LedgerEntry
from services.fund.performance.pacing import ObservedFlows
from services.fund.waterfall.result import Deal, DealCashFlow, FundCashFlow
from services.runtime.errors import InvalidInput

_KINDS = {
    "contribution": EntryKind.CONTRIBUTION,
    "distribution": EntryKind.DISTRIBUTION,
    "nav": EntryKind.NET_ASSET_VALUE,
    "出资": EntryKind.CONTRIBUTION,
    "分配": EntryKind.DISTRIBUTION,
    "净值": EntryKind.NET_ASSET_VALUE,
}


def read_flows(path: Path) -> tuple[tuple[FundCashFlow, ...], tuple[Deal, ...]]:
    """Flows of a waterfall with the columns year, called, distributable and, if wanted, deal, county, realised.

    One row a year and deal; a row without a deal is the fund's own, such as its fee.

    Raises:
        InvalidInput: with the row and column of every mistake.
    """
    rows = read_table(path, ("year", "called", "distributable"), ("deal", "county", "realised"))
    if not rows:
        raise InvalidInput.of(str(path), "found no rows, expected at least one")
    by_year: dict[int, list[TableRow]] = {}
    county_of: dict[str, str] = {}
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        year, deal = row.year("year"), row.text("deal", required=False)
        by_year.setdefault(year, []).append(row)
        if (year, deal) in seen:
            row.mistakes.add(
                row.number, "year", f"{year}, as in row {seen[year, deal]}", "each year and deal once"
            )
        seen[year, deal] = row.number
        county = row.text("county", required=False)
        if deal and county_of.setdefault(deal, county) != county:
            row.mistakes.add(row.number, "county", county, f"{county_of[deal]!r}, as in the rows before it")
    flows = tuple(_flow(year, by_year[year]) for year in sorted(by_year))
    rows[0].mistakes.raise_if_any()
    return flows, tuple(Deal(deal, county) for deal, county in county_of.items())


def _flow(year: int, rows: list[TableRow]) -> FundCashFlow:
    called = distributable = Decimal(0)
    deals = []
    for row in rows:
        paid, cash = row.amount("called", default=Decimal(0)), row.amount("distributable", default=Decimal(0))
        called, distributable = called + paid, distributable + cash
        realised = row.flag("realised")
        if deal := row.text("deal", required=False):
            deals.append(DealCashFlow(deal, paid, cash, realised))
        elif realised:
            row.mistakes.add(row.number, "realised", "yes", "no, because the row names no deal")
    return FundCashFlow(year, called, distributable, tuple(deals))


def read_ledger(path: Path) -> tuple[LedgerEntry, ...]:
    """A ledger with the columns date, account, kind and amount (CNY).

    Raises:
        InvalidInput: with the row and column of every mistake.
    """
    rows = read_table(path, ("date", "account", "kind", "amount"))
    if not rows:
        raise InvalidInput.of(str(path), "found no rows, expected at least one contribution")
    entries = tuple(
        LedgerEntry(
            row.date("date"),
            row.text("account"),
            row.one_of("kind", _KINDS, EntryKind.CONTRIBUTION),
            row.amount("amount"),
        )
        for row in rows
    )
    rows[0].mistakes.raise_if_any()
    return entries


def read_index(path: Path) -> tuple[IndexLevel, ...]:
    """Levels of an index with the columns date and level.

    Raises:
        InvalidInput: with the row and column of every mistake.
    """
    rows = read_table(path, ("date", "level"))
    if not rows:
        raise InvalidInput.of(str(path), "found no rows, expected levels of an index")
    levels = tuple(IndexLevel(row.date("date"), row.number_above_zero("level")) for row in rows)
    rows[0].mistakes.raise_if_any()
    return levels


def read_observed(path: Path, n_rates: int | None) -> ObservedFlows:
    """Flows of the first years of a commitment with the columns year, contribution, distribution and, if wanted, nav.

    Raises:
        InvalidInput: with the row and column of every mistake.
    """
    rows = read_table(path, ("year", "contribution", "distribution"), ("nav",))
    if not rows:
        raise InvalidInput.of(str(path), "found no rows, expected at least two years")
    for expected, row in enumerate(rows, start=1):
        if row.year("year") != expected:
            row.mistakes.add(
                row.number, "year", row.cells.get("year", ""), f"{expected}: the years 1, 2, ... in order"
            )
    paid = tuple(float(row.amount("contribution")) for row in rows)
    received = tuple(float(row.amount("distribution")) for row in rows)
    has_nav = any(row.cells.get("nav") for row in rows)
    nav = tuple(float(row.amount("nav")) for row in rows) if has_nav else ()
    rows[0].mistakes.raise_if_any()
    return ObservedFlows(paid, received, nav, n_rates)
