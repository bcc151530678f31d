"""The book of a quarter as columns: one row a loan, in order of its id, whole cents as int64.

A row stands for every loan that is on record on the last day of the quarter, and for every loan that has a position
or a movement without being on record: it is reported on the lines of what is not mapped and never dropped.
Days are ordinals of the proleptic calendar, 0 for none.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from services.loans.reported.position import MovementKind
from services.loans.statistics.facts import LoanFacts, MovementFacts
from services.loans.statistics.position_rows import NO_CLASS, PositionRows, position_rows
from services.loans.statistics.quarter import Quarter

Cents: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Rates: TypeAlias = npt.NDArray[np.float64]

NO_DAY = 0
# Sums of a column stay within 64 bits.
_MOST_CENTS = 9.0e18


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A text for each loan: codes [n_loans] into names."""

    codes: Cents
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Balances:
    """Positions in force on a day: balance, and the day for which it was reported, NO_DAY without a position."""

    day: dt.date
    balance_cents: Cents
    as_of: Cents

    @property
    def is_reported(self) -> Flags:
        """Which loans have a position, [n_loans]."""
        return np.not_equal(self.as_of, NO_DAY)

    @property
    def has_any_of_the_day(self) -> bool:
        """Whether a position was reported for this very day."""
        return bool(np.any(self.as_of == self.day.toordinal()))


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """The positions that a quarter needs, each as they are in force on the day.

    Attributes:
        opening, closing, year_begin, year_before: by day.
        opening_as_closed: of the opening day, as they were known when the quarter before was closed; None where it
            is open.
    """

    opening: PositionRows
    closing: PositionRows
    year_begin: PositionRows = field(default_factory=position_rows)
    year_before: PositionRows = field(default_factory=position_rows)
    opening_as_closed: PositionRows | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BookColumns:
    """The book of a quarter; every array is [n_loans].

    Attributes:
        loan_ids: in order.
        is_on_record: whether the loan is on record.
        is_synthetic: whether it was drawn for a demonstration.
        borrower: equal numbers are one borrower; a loan that is not on record is a borrower of its own.
        drawn_on, matures_on, approved_on: days.
        purpose, industry, county, product, guarantee_mode: empty where not known.
        opening, closing, year_begin, year_before: positions.
        opening_as_closed: balance of the opening day that the quarter before was closed with; that of `opening` where
            it is open.
        rate_annual, quality: of the closing position; quality counts in `CLASSES`.
        drawn, repaid, prepaid, written_off: movements of the quarter less the reversals that were booked in it.
        outside_life: sum of those movements that lie before the first drawing, or are drawings after maturity.
    """

    loan_ids: tuple[str, ...]
    is_on_record: Flags
    is_synthetic: Flags
    borrower: Cents
    drawn_on: Cents
    matures_on: Cents
    approved_on: Cents
    purpose: Labels
    industry: Labels
    county: Labels
    product: Labels
    guarantee_mode: Labels
    opening: Balances
    closing: Balances
    year_begin: Balances
    year_before: Balances
    opening_as_closed: Cents
    rate_annual: Rates
    quality: Cents
    drawn: Cents
    repaid: Cents
    prepaid: Cents
    written_off: Cents
    outside_life: Cents

    @property
    def roll_forward_difference(self) -> Cents:
        """Closing less (opening + drawn - repaid - prepaid - written off), [n_loans]."""
        outflow = self.repaid + self.prepaid + self.written_off
        return self.closing.balance_cents - (self.opening.balance_cents + self.drawn - outflow)

    def content_hash(self) -> str:
        """SHA-256 of every column, hexadecimal."""
        digest = hashlib.sha256("\n".join(self.loan_ids).encode())
        for column in fields(self)[1:]:
            value = getattr(self, column.name)
            if isinstance(value, Labels):
                digest.update("\n".join(value.names).encode() + value.codes.tobytes())
            elif isinstance(value, Balances):
                digest.update(value.balance_cents.tobytes() + value.as_of.tobytes())
            else:
                digest.update(value.tobytes())
        return digest.hexdigest()


def book_columns(
    quarter: Quarter,
    loans: Sequence[LoanFacts],
    positions: Positions,
    movements: Sequence[MovementFacts],
) -> BookColumns:
    """The columns of a quarter.

    Args:
        quarter: the period.
        loans: in force on its last day, with distinct ids.
        positions: in force on its days, one a loan and day.
        movements: after its opening day and up to its closing day.

    Raises:
        ValueError: if amounts together leave 64 bits.
    """
    closed = positions.opening if positions.opening_as_closed is None else positions.opening_as_closed
    reported = (positions.opening, positions.closing, positions.year_begin, positions.year_before, closed)
    ids = {loan.loan_id for loan in loans}.union(*(rows.loan_ids for rows in reported))
    ids.update(row.loan_id for row in movements)
    loan_ids = tuple(sorted(ids))
    place = {loan_id: number for number, loan_id in enumerate(loan_ids)}
    rows = _places(place, [loan.loan_id for loan in loans])
    n = len(loan_ids)
    drawn_on = _spread(n, rows, [loan.drawn_on.toordinal() for loan in loans])
    matures_on = _spread(n, rows, [loan.matures_on.toordinal() for loan in loans])
    approved_on = [NO_DAY if loan.approved_on is None else loan.approved_on.toordinal() for loan in loans]
    closing_rows = _places(place, positions.closing.loan_ids)
    rate = np.zeros(n)
    rate[closing_rows] = positions.closing.rate_annual
    quality = np.full(n, NO_CLASS, np.int64)
    quality[closing_rows] = positions.closing.quality
    flows, outside = _movement_columns(place, movements, drawn_on, matures_on)
    is_on_record = np.zeros(n, np.bool_)
    is_on_record[rows] = True
    return BookColumns(
        loan_ids=loan_ids,
        is_on_record=is_on_record,
        is_synthetic=_spread(n, rows, [loan.is_synthetic for loan in loans]).astype(np.bool_),
        borrower=_borrowers(n, rows, [loan.borrower_id for loan in loans]),
        drawn_on=drawn_on,
        matures_on=matures_on,
        approved_on=_spread(n, rows, approved_on),
        purpose=_labels(n, rows, [loan.purpose for loan in loans]),
        industry=_labels(n, rows, [loan.industry for loan in loans]),
        county=_labels(n, rows, [loan.county for loan in loans]),
        product=_labels(n, rows, [loan.product for loan in loans]),
        guarantee_mode=_labels(n, rows, [str(loan.guarantee_mode) for loan in loans]),
        opening=_balances(place, quarter.opening_day, positions.opening),
        closing=_balances(place, quarter.closing_day, positions.closing),
        year_begin=_balances(place, quarter.year_begin_day, positions.year_begin),
        year_before=_balances(place, quarter.year_before_day, positions.year_before),
        opening_as_closed=_balances(place, quarter.opening_day, closed).balance_cents,
        rate_annual=rate,
        quality=quality,
        drawn=flows[MovementKind.DRAWN],
        repaid=flows[MovementKind.REPAID],
        prepaid=flows[MovementKind.PREPAID],
        written_off=flows[MovementKind.WRITTEN_OFF],
        outside_life=outside,
    )


def _places(place: dict[str, int], ids: Sequence[str]) -> Cents:
    return np.fromiter(map(place.__getitem__, ids), np.int64, len(ids))


def _spread(n: int, rows: Cents, values: Sequence[int] | Cents) -> Cents:
    column = np.zeros(n, np.int64)
    column[rows] = values
    return column


def _labels(n: int, rows: Cents, texts: Sequence[str]) -> Labels:
    """Names in order of text; the empty one, which every loan that is not on record has, is always there.

    Spaces around a text make no other name of it.
    """
    name_of = {text: text.strip() for text in {"", *texts}}
    names = tuple(sorted(set(name_of.values())))
    number = {name: i for i, name in enumerate(names)}
    code = {text: number[name] for text, name in name_of.items()}
    return Labels(_spread(n, rows, [code[text] for text in texts]), names)


def _borrowers(n: int, rows: Cents, borrower_ids: Sequence[str]) -> Cents:
    number = {borrower_id: i for i, borrower_id in enumerate(sorted(set(borrower_ids)))}
    # A number below 0 is nobody else's.
    column = -1 - np.arange(n, dtype=np.int64)
    column[rows] = [number[borrower_id] for borrower_id in borrower_ids]
    return column


def _balances(place: dict[str, int], day: dt.date, positions: PositionRows) -> Balances:
    rows = _places(place, positions.loan_ids)
    cents = _within_64_bits(positions.balance_cents)
    return Balances(day, _spread(len(place), rows, cents), _spread(len(place), rows, positions.as_of))


def _movement_columns(
    place: dict[str, int], movements: Sequence[MovementFacts], drawn_on: Cents, matures_on: Cents
) -> tuple[dict[MovementKind, Cents], Cents]:
    """Sums by kind, and the sum of what lies outside the life of each loan."""
    n = len(place)
    rows = _places(place, [row.loan_id for row in movements])
    cents = _within_64_bits(np.array([row.amount_cents for row in movements], np.int64))
    days = np.array([row.day.toordinal() for row in movements], np.int64)
    number = {kind: i for i, kind in enumerate(MovementKind)}
    kinds = np.array([number[row.kind] for row in movements], np.int64)
    sums = np.zeros((len(MovementKind), n), np.int64)
    np.add.at(sums, (kinds, rows), cents)
    is_drawing = kinds == number[MovementKind.DRAWN]
    is_outside = (days < drawn_on[rows]) | (is_drawing & (matures_on[rows] > 0) & (days > matures_on[rows]))
    outside = np.zeros(n, np.int64)
    np.add.at(outside, rows[is_outside], cents[is_outside])
    return dict(zip(MovementKind, sums, strict=True)), outside


def _within_64_bits(cents: Cents) -> Cents:
    total = float(np.sum(np.abs(cents), dtype=np.float64))
    if total > _MOST_CENTS:
        raise ValueError(
            f"amounts of {total / 100:.3g} CNY together, expected at most {_MOST_CENTS / 100:.3g}"
        )
    return cents
