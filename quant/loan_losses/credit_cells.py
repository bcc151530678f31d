"""Credit cells: loans of one index, R2, term structure and class of default probability.

A class carries the highest hazard of its loans. A loan of a lower hazard survives with the class's probability to the
power `hazard / hazard of the class`; given an index that is no longer exact, and little as classes are narrow. While
there are at most `MOST_EXACT_CELLS` distinct (index, curve, R2, hazard) the classes are exact and the power is 1.

Loans of one borrower share its draw, and each defaults as its own cell says: the likelier falls first, and every
probability is the loan's own. The borrower stands in the cell of its highest hazard, below whose probability the draws
of defaults are looked for.

Borrowers stand in order of cell and of life, in chunks of a fixed size: a chunk's tables stay in the processor's cache
while many paths pass over them. A chunk is part of the address of a draw, so its size is never tuned.

A borrower who guarantees loans of others must be told apart: whoever asks for the guarantee asks for its very default.
Such borrowers stand in chunks of their own at the end, and each draws at its own address. So do those few with unlike
loans of which one is nearly sure to default: once almost nobody of a cell is left, its probability on a path may lie
below that of a lower hazard, and bounds no more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant.draws.sparse_draws import Lanes
from quant.loan_losses.book import Flags, LoanBook, hazard
from quant.schedules import Array

CHUNK_BORROWERS = 1024
MOST_EXACT_CELLS = 256
_CLASS_RATIO = 1.05
_R2_STEP = 0.01
_TINY = 1e-12
_SPENT_THAT_BOUNDS = 3.0
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CreditCells:
    """The book in order of cell; a slot is a loan's place in that order.

    Attributes:
        index, curve, asset_correlation, hazard_annual: of each cell, [n_cells].
        loan_of_slot: the loans that may default, in order, [n_slots].
        borrower_start: slots of borrower u are borrower_start[u] .. borrower_start[u + 1] - 1, [n_borrowers + 1].
        chunk_start: borrowers of chunk c are chunk_start[c] .. chunk_start[c + 1] - 1, [n_chunks + 1].
        chunk_cell: cell of the highest hazards of the borrowers of each chunk, [n_chunks].
        chunk_periods: periods in which a borrower of the chunk is at risk, at least one, [n_chunks].
        chunk_draws_apart: whether each of its borrowers draws at an address of its own, [n_chunks].
        borrower_address: of each borrower's draw, where its chunk draws apart, [n_borrowers].
        cell, power, periods, years: of each slot; power is its hazard over the cell's, then periods and years at risk,
            [n_slots].
        guarantor_cell, guarantor_power: of each slot; cell -1 where no guarantor can fail, [n_slots].
        hazard_years: of each curve, years weighted by the multiple of the hazard, cumulated, [n_curves, n_periods].
            The last curve is that of guarantors, whose hazards stay.
    """

    index: Lanes
    curve: Lanes
    asset_correlation: Array
    hazard_annual: Array
    loan_of_slot: Lanes
    borrower_start: Lanes
    chunk_start: Lanes
    chunk_cell: Lanes
    chunk_periods: Lanes
    chunk_draws_apart: Flags
    borrower_address: Lanes
    cell: Lanes
    power: Array
    periods: Lanes
    years: Array
    guarantor_cell: Lanes
    guarantor_power: Array
    hazard_years: Array

    @classmethod
    def of(cls, book: LoanBook) -> "CreditCells":
        """The cells of a book."""
        hazards, years = _over_one_period(book, book.hazards_annual(), book.years_at_risk)
        periods = np.where(years > 0.0, np.searchsorted(book.period_ends_years, years, side="left") + 1, 0)
        periods = np.minimum(periods, book.n_periods)
        alive = np.flatnonzero(periods > 0)
        multiples, curve = book.curves()
        borrower, lowest, highest, longest = _borrowers(book, alive, hazards, periods)
        hazard_years = np.cumsum(
            np.vstack([multiples, np.ones(book.n_periods)]) * np.diff(book.period_ends_years, prepend=0.0),
            axis=1,
        )
        link = _Link.of(book, alive)
        unlike = lowest < highest
        apart = link.guarantees | (unlike & (highest * hazard_years[curve[alive], -1] > _SPENT_THAT_BOUNDS))
        guarantor_hazards = _guarantor_hazards(book, alive, link)
        backed = (book.guarantee_share[alive] > 0.0) & (guarantor_hazards > 0.0)
        backed[link.loan] = False
        backed_loans, guarantors_loans = alive[backed], alive[link.guarantors_loan]
        loans = np.concatenate([alive, alive, backed_loans, guarantors_loans])
        cell_of, cells = _classes(
            book.index_of_loan[loans],
            np.concatenate(
                [
                    curve[alive],
                    curve[alive],
                    np.full(len(backed_loans), len(multiples)),
                    curve[guarantors_loans],
                ]
            ),
            book.asset_correlation[loans],
            np.concatenate(
                [hazards[alive], highest, guarantor_hazards[backed], guarantor_hazards[link.loan]]
            ),
        )
        ends = np.cumsum([len(alive), len(alive), len(backed_loans)])
        own_cell, cell, backed_cell, linked_cell = np.split(cell_of, ends)
        guarantor_cell = np.full(len(alive), -1, dtype=np.intp)
        guarantor_cell[backed], guarantor_cell[link.loan] = backed_cell, linked_cell
        order = np.lexsort((np.arange(len(alive)), borrower, -longest, cell, apart))
        slots, own_cell, guarantor_cell = alive[order], own_cell[order], guarantor_cell[order]
        cell, borrower, apart = cell[order], borrower[order], apart[order]
        starts = np.flatnonzero(np.diff(borrower, prepend=-1) != 0)
        chunk_start = _chunks(2 * cell[starts] + apart[starts])
        first = starts[chunk_start[:-1]]
        return cls(
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            slots,
            np.append(starts, len(slots)).astype(np.intp),
            chunk_start,
            cell[first].astype(np.intp),
            # Borrowers of a cell stand in order of life, the longest first.
            longest[order][first].astype(np.intp),
            apart[first],
            book.borrower_of_loan[slots[starts]].astype(np.intp),
            own_cell.astype(np.intp),
            np.minimum(_power(hazards[slots], cells[3][own_cell]), 1.0),
            periods[slots],
            years[slots],
            guarantor_cell,
            _power(guarantor_hazards[order], cells[3][np.maximum(guarantor_cell, 0)]),
            hazard_years,
        )

    def periods_of_cell(self) -> Lanes:
        """Periods in which a loan, a borrower or a guarantor of each cell may be at risk, [n_cells]."""
        out = np.zeros(len(self.index), dtype=np.intp)
        np.maximum.at(out, self.cell, self.periods)
        np.maximum.at(out, self.chunk_cell, self.chunk_periods)
        backed = self.guarantor_cell >= 0
        np.maximum.at(out, self.guarantor_cell[backed], self.periods[backed])
        return out

    def cumulative_probability(self) -> Array:
        """Term structure of each cell, [n_cells, n_periods]."""
        chance: Array = -np.expm1(-self.hazard_annual[:, None] * self.hazard_years[self.curve])
        return chance


def _power(hazards: Array, of_cell: Array) -> Array:
    """Hazard over the cell's; 1 in a cell without any."""
    return np.divide(hazards, of_cell, out=np.ones_like(hazards), where=of_cell > 0.0)


def _over_one_period(book: LoanBook, hazards: Array, years: Array) -> tuple[Array, Array]:
    """Over one period a life that ends early is a lower hazard over all of it."""
    if book.n_periods > 1:
        return hazards, years
    horizon = float(book.period_ends_years[0])
    return hazards * np.minimum(years, horizon) / horizon, np.where(years > 0.0, horizon, 0.0)


def _borrowers(
    book: LoanBook, alive: Lanes, hazards: Array, periods: Lanes
) -> tuple[Lanes, Array, Array, Lanes]:
    """Number of each loan's borrower, the lowest and highest hazard and the longest life of its loans, [n_alive]."""
    keys = (
        book.index_of_loan[alive],
        book.curves()[1][alive],
        book.asset_correlation[alive],
        book.borrower_of_loan[alive],
    )
    order = np.lexsort(keys)
    new = np.zeros(len(alive), dtype=bool)
    for key in keys:
        new[1:] |= np.diff(key[order]) != 0
    number = np.empty(len(alive), dtype=np.intp)
    number[order] = np.cumsum(new)
    n = int(number.max()) + 1 if len(alive) else 0
    lowest, highest, longest = np.full(n, np.inf), np.zeros(n), np.zeros(n, dtype=np.intp)
    np.minimum.at(lowest, number, hazards[alive])
    np.maximum.at(highest, number, hazards[alive])
    np.maximum.at(longest, number, periods[alive])
    return number, lowest[number], highest[number], longest[number]


def _classes(
    index: Lanes, curve: Lanes, r2: Array, hazards: Array
) -> tuple[Lanes, tuple[Lanes, Lanes, Array, Array]]:
    """Cell of each entry, and index, curve, R2 and hazard of the cells."""
    distinct, cell = _distinct(index, curve, r2, hazards)
    if len(distinct[0]) > MOST_EXACT_CELLS:
        rounded = np.minimum(np.round(r2 / _R2_STEP) * _R2_STEP, 1.0 - _R2_STEP)
        steps = np.ceil(np.log(np.maximum(hazards, _TINY)) / np.log(_CLASS_RATIO))
        distinct, cell = _distinct(index, curve, rounded, steps)
        highest = np.zeros(len(distinct[0]))
        np.maximum.at(highest, cell, hazards)
        distinct = (*distinct[:3], highest)
    return cell, (distinct[0].astype(np.intp), distinct[1].astype(np.intp), distinct[2], distinct[3])


def _distinct(*columns: Array | Lanes) -> tuple[tuple[Array, ...], Lanes]:
    """Distinct rows in rising order, column by column, and which of them each row is.

    Column after column, since sorting whole rows takes many times as long.
    """
    number = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        number = np.unique(number * len(values) + place, return_inverse=True)[1].astype(np.int64)
    first = np.zeros(int(number.max(initial=-1)) + 1, dtype=np.intp)
    first[number] = np.arange(len(number))
    return tuple(np.asarray(column, dtype=np.float64)[first] for column in columns), number.astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    """Guarantors who borrow; loans by their place among the loans at risk.

    Attributes:
        guarantees: whether the borrower of each loan is one, [n_alive].
        loan: loans with such a guarantor, [n_linked].
        guarantors_loan: of each, that loan of its guarantor's which is the likeliest to default, [n_linked].
    """

    guarantees: Flags
    loan: Lanes
    guarantors_loan: Lanes

    @classmethod
    def of(cls, book: LoanBook, alive: Lanes) -> "_Link":
        none = np.empty(0, dtype=np.intp)
        if book.guarantor_borrows is None:
            return cls(np.zeros(len(alive), dtype=bool), none, none)
        borrower, guarantor = book.borrower_of_loan[alive], book.guarantor_of_loan[alive]
        asked = book.guarantor_borrows[alive] & (book.guarantee_share[alive] > 0.0)
        loan = np.flatnonzero(asked & np.isin(guarantor, borrower))
        # The first of each address in this order has the highest hazard over all periods, and of those the first place.
        multiples, curve = book.curves()
        spent = multiples @ np.diff(book.period_ends_years, prepend=0.0)
        likely = book.hazards_annual()[alive] * spent[curve[alive]]
        by_address = np.lexsort((np.arange(len(alive)), -likely, borrower))
        addresses, first = np.unique(borrower[by_address], return_index=True)
        found = by_address[first[np.searchsorted(addresses, guarantor[loan])]] if len(loan) else none
        return cls(np.isin(borrower, guarantor[loan]), loan, found)


def _guarantor_hazards(book: LoanBook, alive: Lanes, link: _Link) -> Array:
    """Of the guarantor of each loan at risk, over the life of that loan, [n_alive]."""
    own = hazard(book.guarantor_default_probability_annual)
    own[alive[link.loan]] = book.hazards_annual()[alive[link.guarantors_loan]]
    return _over_one_period(book, own, book.years_at_risk)[0][alive]


def _chunks(kind: Lanes) -> Lanes:
    """First borrower of every chunk, and the number of borrowers; kind [n_borrowers] changes between chunks."""
    if len(kind) == 0:
        return np.zeros(1, dtype=np.intp)
    first = np.flatnonzero(np.concatenate([[True], np.diff(kind) != 0]))
    stop = np.append(first[1:], len(kind))
    starts = np.concatenate([np.arange(a, b, CHUNK_BORROWERS) for a, b in zip(first, stop, strict=True)])
    return np.append(starts, len(kind)).astype(np.intp)
