"""Lines from columns: exact sums in whole cents by group, counts, distinct borrowers, weighted rates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.loans.statistics.columns import BookColumns, Cents, Flags, Labels
from services.loans.statistics.result import (
    CLASSES,
    OUTSIDE,
    UNMAPPED,
    Grouping,
    StatisticsLine,
    Table,
)
from services.loans.statistics.taxonomy import Purpose, Standard, Taxonomy


@dataclass(frozen=True, slots=True, eq=False)
class GroupOfLoan:
    """To which group each loan belongs: codes [n_loans] into keys; every key is there once."""

    codes: Cents
    keys: tuple[tuple[str, ...], ...]


def keeps_historical_standard(columns: BookColumns, taxonomy: Taxonomy) -> Flags:
    """Loans that were approved before the current standard was published, and drawn only afterwards, [n_loans]."""
    published = taxonomy.current.published_on.toordinal()
    was_approved = (columns.approved_on > 0) & (columns.approved_on < published)
    return was_approved & (columns.drawn_on >= published)


def is_mapped(columns: BookColumns, taxonomy: Taxonomy) -> Flags:
    """Loans whose purpose the table knows, [n_loans]."""
    purposes = taxonomy.purposes_on(columns.closing.day)
    known = np.array([name in purposes for name in columns.purpose.names])
    return known[columns.purpose.codes]


def tabulate(columns: BookColumns, taxonomy: Taxonomy) -> tuple[Table, ...]:
    """The total, then every grouping, in the order of `Grouping`."""
    measures = _Measures.of(columns)
    tables = {
        grouping: Table(grouping, tuple(measures.lines(group)))
        for grouping, group in _groups(columns, taxonomy)
    }
    return tuple(tables[grouping] for grouping in Grouping)


def _groups(columns: BookColumns, taxonomy: Taxonomy) -> Iterator[tuple[Grouping, GroupOfLoan]]:
    n = len(columns.loan_ids)
    purposes = taxonomy.purposes_on(columns.closing.day)
    kept = keeps_historical_standard(columns, taxonomy)
    yield Grouping.TOTAL, GroupOfLoan(np.zeros(n, np.int64), ((),))
    yield Grouping.PURPOSE, _by_label(columns.purpose)
    historical = _heads(columns.purpose, purposes, taxonomy.historical)
    current = _heads(columns.purpose, purposes, taxonomy.current)
    yield Grouping.HISTORICAL_STANDARD, _by_keys(columns.purpose.codes, historical)
    # Twice as many codes: those of a loan that keeps the historical standard come after the others.
    keeping = [(f"{taxonomy.historical.code}:{head}",) if head else (UNMAPPED,) for (head,) in historical]
    yield (
        Grouping.CURRENT_STANDARD,
        _by_keys(columns.purpose.codes + kept * len(current), [*current, *keeping]),
    )
    benefits = [_carbon_benefit(purposes.get(name)) for name in columns.purpose.names]
    yield Grouping.CARBON_BENEFIT, _by_keys(columns.purpose.codes, benefits)
    for grouping, labels in (
        (Grouping.INDUSTRY, columns.industry),
        (Grouping.COUNTY, columns.county),
        (Grouping.PRODUCT, columns.product),
        (Grouping.GUARANTEE_MODE, columns.guarantee_mode),
    ):
        yield grouping, _by_label(labels)
    yield Grouping.COUNTY_PRODUCT, _by_two_labels(columns.county, columns.product)


def _by_label(labels: Labels) -> GroupOfLoan:
    return GroupOfLoan(labels.codes, tuple((name,) for name in labels.names))


def _by_two_labels(first: Labels, second: Labels) -> GroupOfLoan:
    """Groups of the pairs that occur."""
    width = len(second.names)
    pairs, codes = np.unique(first.codes * width + second.codes, return_inverse=True)
    keys = [(first.names[pair // width], second.names[pair % width]) for pair in pairs.tolist()]
    return GroupOfLoan(codes.astype(np.int64), tuple(keys))


def _by_keys(codes: Cents, key_of_code: list[tuple[str, ...]]) -> GroupOfLoan:
    """Groups of codes that share a key."""
    keys = tuple(dict.fromkeys(key_of_code))
    number = np.array([keys.index(key) for key in key_of_code], np.int64)
    return GroupOfLoan(number[codes], keys)


def _heads(purpose: Labels, purposes: dict[str, Purpose], standard: Standard) -> list[tuple[str, ...]]:
    return [
        (purposes[name].heads.get(standard.code, OUTSIDE) if name in purposes else UNMAPPED,)
        for name in purpose.names
    ]


def _carbon_benefit(purpose: Purpose | None) -> tuple[str, ...]:
    return (UNMAPPED if purpose is None else purpose.carbon_benefit.value,)


@dataclass(frozen=True, slots=True, eq=False)
class _Measures:
    """What is summed: amounts and counts [n_measures, n_loans], and the parts of the weighted rate."""

    amounts: tuple[Cents, ...]
    weighted_rate: "np.ndarray[tuple[int], np.dtype[np.float64]]"
    borrower: Cents
    has_balance: Flags
    has_year_begin: bool
    has_year_before: bool

    @classmethod
    def of(cls, columns: BookColumns) -> "_Measures":
        closing = columns.closing.balance_cents
        has_balance = closing > 0
        return cls(
            (
                columns.opening.balance_cents,
                columns.drawn,
                columns.repaid,
                columns.prepaid,
                columns.written_off,
                closing,
                columns.year_begin.balance_cents,
                columns.year_before.balance_cents,
                has_balance.astype(np.int64),
                (columns.drawn > 0).astype(np.int64),
                *(np.where(columns.quality == number, closing, 0) for number in range(len(CLASSES))),
            ),
            closing * columns.rate_annual,
            columns.borrower,
            has_balance,
            columns.year_begin.has_any_of_the_day,
            columns.year_before.has_any_of_the_day,
        )

    def lines(self, group: GroupOfLoan) -> Iterator[StatisticsLine]:
        """The lines of a grouping that have anything to show, in order of key; the total always."""
        n_groups = len(group.keys)
        sums = np.zeros((len(self.amounts), n_groups), np.int64)
        for total, amount in zip(sums, self.amounts, strict=True):
            np.add.at(total, group.codes, amount)
        rates = np.bincount(group.codes, self.weighted_rate, n_groups)
        borrowers = self._borrowers(group)
        shown = np.flatnonzero(sums.any(axis=0) | (group.keys == ((),)))
        for i in sorted(shown.tolist(), key=group.keys.__getitem__):
            opening, drawn, repaid, prepaid, written_off, closing, begin, before, n, n_drawn, *classes = (
                int(amount) for amount in sums[:, i]
            )
            yield StatisticsLine(
                keys=group.keys[i],
                opening_cents=opening,
                drawn_cents=drawn,
                repaid_cents=repaid,
                prepaid_cents=prepaid,
                written_off_cents=written_off,
                closing_cents=closing,
                class_cents=tuple(classes),
                n_loans=n,
                n_borrowers=int(borrowers[i]),
                n_loans_drawn=n_drawn,
                rate_annual=float(rates[i]) / closing if closing else None,
                year_begin_cents=begin if self.has_year_begin else None,
                year_before_cents=before if self.has_year_before else None,
            )

    def _borrowers(self, group: GroupOfLoan) -> Cents:
        """Distinct borrowers with a balance in each group."""
        if not self.has_balance.any():
            return np.zeros(len(group.keys), np.int64)
        borrower = self.borrower[self.has_balance]
        lowest = int(borrower.min())
        width = int(borrower.max()) - lowest + 1
        pairs = np.unique(group.codes[self.has_balance] * width + (borrower - lowest))
        return np.bincount(pairs // width, minlength=len(group.keys))
