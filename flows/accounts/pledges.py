"""The pledge list: which row of which file is pledged, to which loan, and what others say it is worth."""

import csv
import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.accounts.assumptions import assumed_columns, assumed_paths
from flows.accounts.checked import CheckedRow
from flows.accounts.details import (
    carbon_and_tenure,
    forest_carbon,
    forest_tenure,
    gep_revenue,
    vep_project,
    water_right,
)
from flows.accounts.gep_account import GepAccount
from flows.accounts.problems import Problem, nearest, shown
from flows.accounts.terms import remaining_years, require
from flows.accounts.units import DATA_FOLDER, UnitError, factor_between
from services.valuation.asset import Asset, AssetDetail, CataloguedRight, StatedValue, ValueBasis

LONGEST_IDENTIFIER = 64
_NOT_OF_THE_ASSET = (
    "loan_id",
    "pledged_share",
    "stated_value_cny",
    "stated_value_basis",
    "valuation_error",
    "asset_id",
    "place",
    "name",
)


@dataclass(frozen=True, slots=True)
class PledgeKind:
    """What a pledge may be.

    Attributes:
        kind: code of the catalogue.
        table: file that its reference points into; empty for a quantity times a factor.
        unit: of the quantity, where it is one.
    """

    kind: str
    table: str
    unit: str


@dataclass(frozen=True, slots=True)
class Pledge:
    """An asset and the loan it secures.

    Attributes:
        row: in the pledge list, as a spreadsheet shows it.
        loan_id: empty where it secures none yet.
        pledged_share: of the asset, a fraction of 1.
        source: where its figures come from.
    """

    asset: Asset
    row: int
    loan_id: str
    pledged_share: float
    source: str


@dataclass(frozen=True, slots=True)
class ReferredRows:
    """The rows that a pledge may refer to, by identifier."""

    gep_account: GepAccount
    water_account: Mapping[str, CheckedRow]
    forest_inventory: Mapping[str, CheckedRow]
    vep_years: Mapping[str, Sequence[CheckedRow]] = field(default_factory=dict)

    def identifiers(self, table: str) -> list[str]:
        """What a reference into a table may be."""
        return list(getattr(self, table))


@functools.cache
def pledge_kinds() -> dict[str, PledgeKind]:
    """Kinds by every label of data/accounts/pledge_kinds.csv."""
    with (DATA_FOLDER / "pledge_kinds.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["label"]: PledgeKind(row["kind"], row["table"], row["unit"]) for row in csv.DictReader(file)
        }


def build_pledge(
    row: CheckedRow, referred: ReferredRows, as_of: dt.date, problems: list[Problem]
) -> Pledge | None:
    """One pledge of the list; None where something is wrong, which then stands in `problems`."""
    kind = pledge_kinds().get(row.text("kind"))
    problems += [
        row.problem(column, shown(row.text(column)), f"at most {LONGEST_IDENTIFIER} characters")
        for column in ("asset_id", "loan_id")
        if len(row.text(column)) > LONGEST_IDENTIFIER
    ]
    declared = assumed_columns(row, "pledges", problems)
    if kind is None:
        problems.append(_unknown_kind(row))
        return None
    sources = _referred(row, kind, referred, problems)
    if sources is None:
        return None
    detail = _detail(row, kind, sources, referred.gep_account, as_of=as_of, problems=problems)
    assumed = tuple(column for column in declared if column not in _NOT_OF_THE_ASSET)
    for source in sources:
        assumed += assumed_columns(source, kind.table, problems)
    if detail is None:
        return None
    share = row.figure("pledged_share")
    asset = Asset(
        row.text("asset_id"),
        row.text("name"),
        row.text("place"),
        detail,
        _stated_value(row),
        assumed_paths(kind.kind, assumed),
    )
    return Pledge(asset, row.number, row.text("loan_id"), 1.0 if share is None else share, row.text("source"))


def _unknown_kind(row: CheckedRow) -> Problem:
    near = nearest(row.text("kind"), pledge_kinds())
    codes = dict.fromkeys(kind.kind for kind in pledge_kinds().values())
    expected = f"one of {', '.join(codes)}" + (f"; perhaps {near}" if near else "")
    return row.problem("kind", f"unknown kind {shown(row.text('kind'))}", expected)


def _referred(
    row: CheckedRow, kind: PledgeKind, referred: ReferredRows, problems: list[Problem]
) -> Sequence[CheckedRow] | None:
    """Rows that the pledge refers to; empty for kinds that refer to none."""
    if kind.table in {"", "gep_account"}:
        return ()
    reference = row.text("reference")
    rows: CheckedRow | Sequence[CheckedRow] | None = getattr(referred, kind.table).get(reference)
    if rows is None:
        near = nearest(reference, referred.identifiers(kind.table))
        expected = f"an identifier of {kind.table}" + (f"; perhaps {near}" if near else "")
        problems.append(row.problem("reference", shown(reference), expected))
        return None
    return (rows,) if isinstance(rows, CheckedRow) else rows


def _detail(
    row: CheckedRow,
    kind: PledgeKind,
    sources: Sequence[CheckedRow],
    account: GepAccount,
    *,
    as_of: dt.date,
    problems: list[Problem],
) -> AssetDetail | None:
    match kind.kind:
        case "water_right":
            return water_right(sources[0], as_of, problems)
        case "forest_carbon":
            return forest_carbon(sources[0], problems)
        case "forest_tenure":
            return forest_tenure(sources[0], as_of, problems)
        case "carbon_and_tenure":
            return carbon_and_tenure(sources[0], as_of, problems)
        case "gep_revenue":
            return gep_revenue(row, account, as_of, problems)
        case "vep_project":
            return vep_project(row, sources, as_of, problems)
        case _:
            return _catalogued(row, kind, as_of, problems)


def _catalogued(
    row: CheckedRow, kind: PledgeKind, as_of: dt.date, problems: list[Problem]
) -> CataloguedRight | None:
    term = remaining_years(row, "expires_on", as_of, problems)
    complete = require(row, ("quantity_per_year", "quantity_unit", "expires_on"), kind.kind, problems)
    quantity = row.figure("quantity_per_year")
    if term is None or not complete or quantity is None:
        return None
    try:
        in_unit = quantity * factor_between(row.text("quantity_unit"), kind.unit)
    except UnitError as refused:
        expected = str(refused).partition("expected ")[2]
        problems.append(row.problem("quantity_unit", shown(row.text("quantity_unit")), expected))
        return None
    cost = row.figure("cost_cny_per_year")
    return CataloguedRight(
        kind.kind,
        in_unit,
        term,
        unit_price_cny=row.figure("unit_price_cny"),
        cost_cny_per_year=0.0 if cost is None else cost,
        realisable_share=row.figure("realisable_share"),
    )


def _stated_value(row: CheckedRow) -> StatedValue | None:
    value_cny = row.figure("stated_value_cny")
    if value_cny is None:
        return None
    return StatedValue(
        value_cny, ValueBasis(row.text("stated_value_basis") or "unstated"), row.text("source")
    )
