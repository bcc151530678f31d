"""A book made ready for its paths: cells, thresholds of the base market, collateral of the market simulated in."""

from dataclasses import dataclass, replace

import numpy as np

from quant.draws.sparse_draws import Lanes
from quant.factors import FactorModel
from quant.loan_losses.book import Flags, LoanBook, Pledges
from quant.loan_losses.collateral_table import CollateralTable, Records
from quant.loan_losses.credit_cells import CreditCells
from quant.loan_losses.default_index import DefaultIndices
from quant.loan_losses.events import Block
from quant.loan_losses.slot_records import slot_records, with_collateral
from quant.loan_losses.survival import cumulated, thresholds
from quant.schedules import Array, DiscountFactors


@dataclass(frozen=True, slots=True, eq=False)
class PreparedBook:
    """The tables of a book in a market.

    Attributes:
        book: the loans.
        model: the market simulated in.
        credit: cells and order of the loans.
        indices, thresholds: of the base market.
        slots, exposure: the loans in order, SLOT [n_slots] and [n_slots, n_periods].
        collateral: the pledges in the same order.
    """

    book: LoanBook
    model: FactorModel
    credit: CreditCells
    indices: DefaultIndices
    thresholds: Array
    slots: Records
    exposure: Array
    collateral: CollateralTable

    @classmethod
    def of(
        cls, book: LoanBook, model: FactorModel, discount: DiscountFactors, *, base: FactorModel | None = None
    ) -> "PreparedBook":
        """Prepare a book.

        Args:
            book: the loans.
            model: the market simulated in.
            discount: discount factors of its curve.
            base: the market that sets the indices and thresholds; None where it is the same.

        Raises:
            ValueError: if an index has no randomness in the base market.
            KeyError: if a schedule names a factor that the model does not have.
        """
        standard = model if base is None else base
        credit = CreditCells.of(book)
        indices = DefaultIndices.of(standard, book.period_ends_years, book.index_weights)
        pledges = _in_slot_order(book.pledges, credit.loan_of_slot)
        collateral = CollateralTable.of(
            pledges, len(credit.loan_of_slot), model, discount, book.period_ends_years
        )
        level = thresholds(credit, standard, indices, book.period_ends_years)
        exposure = np.ascontiguousarray(book.exposure_cny[credit.loan_of_slot], dtype=np.float64)
        slots = slot_records(book, credit, collateral)
        return cls(book, model, credit, indices, level, slots, exposure, collateral)

    def in_market(
        self,
        model: FactorModel,
        discount: DiscountFactors,
        pledges: Pledges | None = None,
        fund_cap_cny: Array | None = None,
    ) -> "PreparedBook":
        """The same loans in a changed market; indices and thresholds stay those of the base market.

        Args:
            model: the changed market, with the same primary factors.
            discount: discount factors of its curve.
            pledges: the changed pledges, in the book's order; None where they are the same.
            fund_cap_cny: most that each fund pays in it, [n_funds]; None where that is the same.
        """
        book = replace(
            self.book,
            pledges=self.book.pledges if pledges is None else pledges,
            fund_cap_cny=self.book.fund_cap_cny if fund_cap_cny is None else fund_cap_cny,
        )
        slots = self.credit.loan_of_slot
        collateral = CollateralTable.of(
            _in_slot_order(book.pledges, slots), len(slots), model, discount, book.period_ends_years
        )
        return replace(
            self, book=book, model=model, collateral=collateral, slots=with_collateral(self.slots, collateral)
        )

    def with_funds(self, compensation_share: Array, fund_cap_cny: Array) -> "PreparedBook":
        """The same loans with other shares and caps of their compensation funds.

        Args:
            compensation_share: of each loan, [n_loans].
            fund_cap_cny: most that each fund pays, inf for no cap, [n_funds].
        """
        book = replace(self.book, compensation_share=compensation_share, fund_cap_cny=fund_cap_cny)
        return replace(self, book=book, slots=slot_records(book, self.credit, self.collateral))

    def block(
        self,
        paths: Lanes,
        seed: int,
        states: Array,
        collateral_states: Array | None = None,
        *,
        slots: Lanes | None = None,
        weights: Array | None = None,
        per_unit: float = 1.0,
        bank_share: float = 1.0,
        unpaid: Array | None = None,
    ) -> Block:
        """A block of paths as the loans see it.

        Args:
            paths: number of each path, [n_paths].
            seed: of the scenario universe.
            states: deviations x at the ends of the periods, [n_primary, n_periods, n_paths].
            collateral_states: those that collateral sees, where they are others.
            slots: the loans that are asked about, by place; all when absent. What others need is left out.
            weights: of each path; 1 where absent.
            per_unit: whole units in one CNY.
            bank_share: of the bank's loss before caps of funds that is counted.
            unpaid: share of its claims that each fund does not pay, [n_paths, n_funds]; 0 where absent.
        """
        indices = self.indices.values(self.model, states)
        seen = states if collateral_states is None else collateral_states
        asked_cells, asked_collateral = (None, None) if slots is None else self._asked(slots)
        return Block(
            self.slots,
            self.exposure,
            self.book.period_ends_years,
            *self.collateral.tables,
            cumulated(self.credit, self.thresholds, indices, asked_cells),
            self.collateral.cell_values(seen, asked_collateral),
            np.uint64(seed),
            paths,
            np.ones(len(paths)) if weights is None else weights,
            per_unit,
            bank_share,
            np.zeros((len(paths), len(self.book.fund_cap_cny))) if unpaid is None else unpaid,
        )

    def _asked(self, slots: Lanes) -> tuple[Flags, Flags]:
        """Cells of credit that chosen loans and their guarantors are in, and cells that price their pledges."""
        credit = np.zeros(len(self.thresholds), dtype=bool)
        credit[self.credit.cell[slots]] = True
        guarantors = self.credit.guarantor_cell[slots]
        credit[guarantors[guarantors >= 0]] = True
        factors = np.flatnonzero(self.collateral.factors_of_loans[slots].any(axis=0))
        return credit, np.isin(self.collateral.cell_factor, factors)

    def by_loan(self, of_slots: Array, missing: float = 0.0) -> Array:
        """Figures in the order of the book; loans that cannot default get `missing`."""
        out = np.full((len(self.book), *of_slots.shape[1:]), missing)
        out[self.credit.loan_of_slot] = of_slots
        return out


def _in_slot_order(pledges: Pledges, loan_of_slot: Lanes) -> Pledges:
    start = np.searchsorted(pledges.loan, loan_of_slot, side="left")
    count = np.searchsorted(pledges.loan, loan_of_slot, side="right") - start
    slot = np.repeat(np.arange(len(loan_of_slot)), count)
    chosen = np.arange(len(slot)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start, count)
    return Pledges(
        pledges.schedules,
        pledges.schedule[chosen],
        slot,
        pledges.multiple[chosen],
        pledges.asset_lane[chosen],
    )
