"""Expected losses of one book asked for again and again: a loan is computed anew only where what it sees has moved.

What a loan loses on given paths hangs on the index of its borrower, that of its guarantor, and the factors that price
its pledges. Loans that hang on the same ones are of a kind. A search that moves one factor, or cuts one loose from the
borrowers, leaves most kinds as they were: their losses are those found before, to the last bit.
"""

import hashlib
import pickle
from dataclasses import dataclass

import numpy as np

from quant.credit_risk.conditional_loss import slot_terms
from quant.draws.sparse_draws import Lanes
from quant.factors import FactorModel
from quant.loan_losses.path_sampling import mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array

_LOSS = 1
_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """Loans that hang on the same indices and factors; loans by place, the others by position."""

    slots: Lanes
    indices: Lanes
    factors: Lanes


class RepeatedLosses:
    """The expected loss of a book on the same paths, in moved markets or with collateral that sees other states.

    Args:
        prepared: the book in a market.
        n_paths: paths of the factors, even.
        seed: seed of the scenario universe.
        n_threads: threads; they do not change a bit.

    Attributes:
        states: of the paths, [n_primary, n_periods, n_paths].
    """

    def __init__(self, prepared: PreparedBook, n_paths: int, seed: int, *, n_threads: int = 1) -> None:
        self._prepared, self._seed, self._n_threads = prepared, seed, n_threads
        self.states = mirrored_states(prepared.model, prepared.book.period_ends_years, n_paths, seed)
        self._kinds = _kinds(prepared)
        # By what was seen, the one used last at the end.
        self._known: dict[tuple[int, bytes], Array] = {}

    def expected_loss_cny(
        self, moved: PreparedBook | None = None, collateral_states: Array | None = None
    ) -> float:
        """Expected loss of the book over all periods: the sum that `expected_losses` gives.

        Args:
            moved: the book in a market with other levels; None for the one it was prepared in.
            collateral_states: what collateral sees, [n_primary, n_periods, n_paths]; None for what borrowers see.

        Raises:
            ValueError: if other loans, pledges, curves or shocks are given than those it was prepared with.
        """
        book = self._prepared if moved is None else moved
        self._check(book)
        seen = self.states if collateral_states is None else collateral_states
        keys = self._keys(book, seen)
        missing = [number for number, key in enumerate(keys) if (number, key) not in self._known]
        found = self._losses(book, missing, collateral_states)
        out = np.zeros((len(book.slots), book.book.n_periods))
        for number, key in enumerate(keys):
            losses = found[number] if number in found else self._known.pop((number, key))
            self._known[number, key] = losses
            out[self._kinds[number].slots] = losses
        self._forget()
        return float(book.by_loan(out).sum())

    def _losses(
        self, book: PreparedBook, missing: list[int], collateral_states: Array | None
    ) -> dict[int, Array]:
        """Losses of the loans of some kinds, each [n_slots of the kind, n_periods]."""
        if not missing:
            return {}
        slots = np.sort(np.concatenate([self._kinds[number].slots for number in missing]))
        terms = slot_terms(
            book,
            slots,
            self.states,
            self._seed,
            collateral_states=collateral_states,
            n_threads=self._n_threads,
        )
        return {number: terms[np.searchsorted(slots, self._kinds[number].slots), _LOSS] for number in missing}

    def _keys(self, book: PreparedBook, seen: Array) -> list[bytes]:
        """What the loans of each kind see: indices on the paths, states and parameters behind their pledges."""
        indices = [_digest(values) for values in book.indices.values(book.model, self.states)]
        factors = [_digest_of_factor(book.model, position, seen) for position in range(len(book.model.names))]
        return [
            b"".join([*(indices[k] for k in kind.indices), *(factors[f] for f in kind.factors)])
            for kind in self._kinds
        ]

    def _check(self, book: PreparedBook) -> None:
        mine = self._prepared
        if (
            book.thresholds is not mine.thresholds
            or book.book is not mine.book
            or book.collateral.discount is not mine.collateral.discount
            or not _same_shocks(book.model, mine.model)
        ):
            raise ValueError("repeated losses: expected the same loans, pledges, curve and shocks")

    def _forget(self) -> None:
        kept = sum(losses.nbytes for losses in self._known.values())
        while kept > _MOST_BYTES:
            kept -= self._known.pop(next(iter(self._known))).nbytes


def _kinds(prepared: PreparedBook) -> list[_Kind]:
    credit, n_indices = prepared.credit, len(prepared.indices.loadings)
    factors = prepared.collateral.factors_of_loans()
    indices = np.zeros((len(factors), n_indices), dtype=bool)
    indices[np.arange(len(factors)), credit.index[credit.cell_of_slot()]] = True
    backed = np.flatnonzero(credit.guarantor_cell >= 0)
    indices[backed, credit.index[credit.guarantor_cell[backed]]] = True
    seen, kind = np.unique(np.hstack([indices, factors]), axis=0, return_inverse=True)
    return [
        _Kind(
            np.flatnonzero(kind.ravel() == number),
            np.flatnonzero(row[:n_indices]),
            np.flatnonzero(row[n_indices:]),
        )
        for number, row in enumerate(seen)
    ]


def _same_shocks(one: FactorModel, other: FactorModel) -> bool:
    laws = [
        [(factor.mean_reversion_annual, factor.volatility_annual, factor.deviation) for factor in model.primaries]
        for model in (one, other)
    ]  # fmt: skip
    return laws[0] == laws[1] and np.array_equal(one.correlation, other.correlation)


def _digest_of_factor(model: FactorModel, position: int, seen: Array) -> bytes:
    """Of all that the forward of a factor rests on, for models of the same shocks."""
    if position < model.n_primary:
        return _digest(seen[position], pickle.dumps(model.primaries[position]))
    derived = model.derived[position - model.n_primary]
    behind = [model.index(name) for name in (derived.driver, derived.price) if name is not None]
    return _digest(seen[behind], pickle.dumps((derived, [model.primaries[i] for i in behind])))


def _digest(values: Array, said: bytes = b"") -> bytes:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes() + said).digest()
