"""Expected losses of one book asked for again and again: a loan is computed anew only where what it sees has moved.

What a loan loses on given paths hangs on the index of its borrower, that of its guarantor, and the factors that price
its pledges. Loans that hang on the same ones are of a kind. A search that moves one factor, or cuts one loose from the
borrowers, leaves most kinds as they were: their losses are those found before, to the last bit.
"""

import hashlib
import pickle
from dataclasses import dataclass

import numpy as np

from quant.credit_risk.conditional_loss import path_expected_losses, slot_terms
from quant.draws.sparse_draws import Lanes
from quant.factors import FactorModel
from quant.loan_losses.path_sampling import mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array

_Key = tuple[int | bytes, ...]
_BY_LOAN, _BY_PATH = 0, 1
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
        # What was found for what a kind sees, the one used last at the end.
        self._known: dict[_Key, Array] = {}

    def expected_loss_cny(self, moved: PreparedBook) -> float:
        """Expected loss of the book over all periods: the sum that `expected_losses` gives.

        Args:
            moved: the book in a market with other levels.

        Raises:
            ValueError: if other loans, pledges, curves or shocks are given than those it was prepared with.
        """
        self._check(moved)
        keys = self._keys(_BY_LOAN, moved, self.states)
        missing = [i for i, key in enumerate(keys) if key not in self._known]
        if missing:
            slots = np.sort(np.concatenate([self._kinds[i].slots for i in missing]))
            terms = slot_terms(moved, slots, self.states, self._seed, n_threads=self._n_threads)
            for i in missing:
                self._known[keys[i]] = terms[np.searchsorted(slots, self._kinds[i].slots), _LOSS]
        out = np.zeros((len(moved.slots), moved.book.n_periods))
        for kind, losses in zip(self._kinds, self._recalled(keys), strict=True):
            out[kind.slots] = losses
        return float(moved.by_loan(out).sum())

    def on_paths_cny(self, collateral_states: Array) -> Array:
        """Expected loss of the book on each path where collateral sees other states than borrowers, [n_paths].

        Args:
            collateral_states: what collateral sees, [n_primary, n_periods, n_paths].
        """
        keys = self._keys(_BY_PATH, self._prepared, collateral_states)
        for kind, key in zip(self._kinds, keys, strict=True):
            if key not in self._known:
                self._known[key] = path_expected_losses(
                    self._prepared,
                    self.states,
                    self._seed,
                    slots=kind.slots,
                    collateral_states=collateral_states,
                    n_threads=self._n_threads,
                )
        out = np.zeros(self.states.shape[2])
        for losses in self._recalled(keys):
            out += losses
        return out

    def _recalled(self, keys: list[_Key]) -> list[Array]:
        """What is known of each key; what was not asked for longest is forgotten where there is too much."""
        found = [self._known.pop(key) for key in keys]
        self._known.update(zip(keys, found, strict=True))
        kept = sum(losses.nbytes for losses in self._known.values())
        while kept > _MOST_BYTES:
            kept -= self._known.pop(next(iter(self._known))).nbytes
        return found

    def _keys(self, figure: int, book: PreparedBook, seen: Array) -> list[_Key]:
        """The figure, the kind, and what its loans see: indices, states and parameters behind their pledges."""
        indices = [_digest(values) for values in book.indices.values(book.model, self.states)]
        used = {int(position) for kind in self._kinds for position in kind.factors}
        factors = {position: _digest_of_factor(book.model, position, seen) for position in used}
        return [
            (figure, number, *(indices[k] for k in kind.indices), *(factors[f] for f in kind.factors))
            for number, kind in enumerate(self._kinds)
        ]

    def _check(self, book: PreparedBook) -> None:
        mine = self._prepared
        if (
            book.thresholds is not mine.thresholds
            or book.book.pledges is not mine.book.pledges
            or book.book.compensation_share is not mine.book.compensation_share
            or book.collateral.discount is not mine.collateral.discount
            or not _same_shocks(book.model, mine.model)
        ):
            raise ValueError("repeated losses: expected the same loans, pledges, curve and shocks")


def _kinds(prepared: PreparedBook) -> list[_Kind]:
    credit, n_indices = prepared.credit, len(prepared.indices.loadings)
    factors = prepared.collateral.factors_of_loans
    indices = np.zeros((len(factors), n_indices), dtype=bool)
    indices[np.arange(len(factors)), credit.index[credit.cell]] = True
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
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes() + said).digest()
