"""Loss of a book of secured loans over one horizon, with prices, collateral and defaults on the same paths.

On path p the factor states x(s) are those of `FactorModel.simulate_states`. Loan i of borrower b defaults when the
borrower's uniform falls below `N((N^-1(p_i) - sqrt(R2) Y) / sqrt(1 - R2))`, Y being the loan's index of the same
states, so loans of one borrower with equal terms default together. Then

    loss = lgd * max(exposure - collateral, 0) * (1 - guarantee share, unless the guarantor fails too)
    collateral = sum of pledged share * disposal share * max(V(s; x), 0) * valuation error * (1 - severity)^losses

Every draw has an address and every sum runs in one fixed order, so a result does not depend on the block size to
the last bit. See docs/models/portfolio-loss.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr, ndtri

from quant.collateral_paths import CollateralOnPaths
from quant.default_index import DefaultIndices
from quant.factors import FactorModel
from quant.random_numbers import Purpose
from quant.schedules import Array, DiscountFactors, ExposureSchedule
from quant.sparse_draws import DefaultSearch, Lanes, uniforms_at
from quant.tail_risk import TailEstimate, tail_estimate

REPORTED_CONFIDENCES = (0.95, 0.99, 0.999)
_BLOCK_BYTES = 64 * 2**20
_BLOCK_DRAWS = 20_000_000
_BLOCK_DEFAULTS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class LoanBook:
    """Loans as the simulation needs them; arrays [n_loans] unless said.

    Attributes:
        exposure_cny: exposure at default, >= 0.
        default_probability: over the horizon.
        asset_correlation: R2, in [0, 1).
        index_of_loan: row of `index_weights`.
        borrower_of_loan: lane of the borrower's draws, such as `lane_of_name` gives.
        unsecured_lgd: share of what collateral does not cover that is lost.
        guarantee_share: share of the loss that the guarantor bears.
        guarantor_of_loan: lane of the guarantor's draws.
        guarantor_default_probability: over the horizon.
        index_weights: weights of the primary factors, [n_indices, n_primary].
        collateral: schedules that secure the loans, times counted from the date of the book, [n_assets].
        loan_of_collateral: loan that each secures, ascending, [n_assets].
        pledged_share: share of the asset that secures it, [n_assets].

    Raises:
        ValueError: if lengths differ, a figure is outside its domain or the assets are not in order of loan.
    """

    exposure_cny: Array
    default_probability: Array
    asset_correlation: Array
    index_of_loan: Lanes
    borrower_of_loan: Lanes
    unsecured_lgd: Array
    guarantee_share: Array
    guarantor_of_loan: Lanes
    guarantor_default_probability: Array
    index_weights: Array
    collateral: tuple[ExposureSchedule, ...]
    loan_of_collateral: Lanes
    pledged_share: Array

    def __post_init__(self) -> None:
        n = len(self.exposure_cny)
        for field in fields(self)[:9]:
            if len(getattr(self, field.name)) != n:
                raise ValueError(
                    f"{field.name}: found {len(getattr(self, field.name))} entries, expected {n}"
                )
        for name in (
            "default_probability", "unsecured_lgd", "guarantee_share", "guarantor_default_probability",
            "pledged_share",
        ):  # fmt: skip
            _require(name, getattr(self, name), 0.0, 1.0)
        _require("exposure_cny", self.exposure_cny, 0.0, np.finfo(np.float64).max)
        _require("asset_correlation", self.asset_correlation, 0.0, np.nextafter(1.0, 0.0))
        if not len(self.collateral) == len(self.loan_of_collateral) == len(self.pledged_share):
            raise ValueError("collateral, loan_of_collateral and pledged_share: expected the same length")
        if np.any(np.diff(self.loan_of_collateral) < 0):
            raise ValueError("loan_of_collateral: expected the assets in order of their loan")

    def __len__(self) -> int:
        return len(self.exposure_cny)


@dataclass(frozen=True, slots=True, eq=False)
class LossSummary:
    """What a simulation found; CNY.

    Attributes:
        n_paths: paths it stands on.
        expected_loss, expected_loss_error: mean of the loss and its standard error.
        unexpected_loss: standard deviation of the loss.
        tail: at 95, 99 and 99.9 %.
        loan_expected_loss: [n_loans]; adds up to the expected loss.
        loan_default_share: share of the paths on which each loan defaults, [n_loans].
        loan_collateral_mean: expected collateral after disposal, [n_loans].
        loan_collateral_in_default: mean collateral on the paths on which it defaults, nan if none, [n_loans].
        path_losses: loss of the book on every path, [n_paths].
    """

    n_paths: int
    expected_loss: float
    expected_loss_error: float
    unexpected_loss: float
    tail: tuple[TailEstimate, ...]
    loan_expected_loss: Array
    loan_default_share: Array
    loan_collateral_mean: Array
    loan_collateral_in_default: Array
    path_losses: Array


def simulate_losses(
    book: LoanBook,
    model: FactorModel,
    discount: DiscountFactors,
    *,
    horizon_years: float,
    n_paths: int,
    seed: int,
    block_paths: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> LossSummary:
    """Simulate the loss of a book; `LossSimulation` does the same step by step.

    Args:
        book: the loans and their collateral.
        model: the factors.
        discount: discount factors of the curve.
        horizon_years: s > 0.
        n_paths: number of paths, >= 1.
        seed: seed of the scenario universe.
        block_paths: paths at a time; chosen for memory when absent. It does not change the result.
        on_progress: told after each block how many paths are done; what it raises ends the simulation.

    Raises:
        ValueError: if an argument is outside its domain.
        KeyError: if a schedule names a factor that the model does not have.
    """
    simulation = LossSimulation(
        book, model, discount,
        horizon_years=horizon_years, n_paths=n_paths, seed=seed, block_paths=block_paths,
    )  # fmt: skip
    for done in simulation.run():
        if on_progress is not None:
            on_progress(done)
    return simulation.summary()


class LossSimulation:
    """A simulation that runs block by block; the arguments are those of `simulate_losses`."""

    def __init__(
        self,
        book: LoanBook,
        model: FactorModel,
        discount: DiscountFactors,
        *,
        horizon_years: float,
        n_paths: int,
        seed: int,
        block_paths: int | None = None,
    ) -> None:
        if not 0.0 < horizon_years < np.inf:
            raise ValueError(f"horizon_years: found {horizon_years}, expected a finite number above 0")
        if n_paths < 1 or (block_paths is not None and block_paths < 1):
            raise ValueError(f"n_paths: found {n_paths} in blocks of {block_paths}, expected both at least 1")
        self._book = book
        self._model = model
        self._horizon_years = horizon_years
        self._n_paths = n_paths
        self._seed = seed
        self._indices = DefaultIndices.at_horizon(model, horizon_years, book.index_weights)
        self._collateral = CollateralOnPaths(
            book.collateral, book.loan_of_collateral, book.pledged_share, book.default_probability,
            model=model, discount=discount, horizon_years=horizon_years, seed=seed,
        )  # fmt: skip
        self._block_paths = self._fitting_block() if block_paths is None else block_paths
        self._search = DefaultSearch.over(
            seed,
            book.borrower_of_loan,
            book.index_of_loan,
            ndtri(book.default_probability),
            book.asset_correlation,
        )
        self._guarantor_thresholds = ndtri(book.guarantor_default_probability)
        self._path_losses = np.zeros(n_paths)
        self._loan_losses = np.zeros(len(book))
        self._loan_defaults = np.zeros(len(book), dtype=np.int64)
        self._loan_collateral = np.zeros(len(book))

    def run(self) -> Iterator[int]:
        """Simulate block after block; yields how many paths are done after each."""
        for first in range(0, self._n_paths, self._block_paths):
            stop = min(first + self._block_paths, self._n_paths)
            self._simulate_block(first, stop - first)
            yield stop

    def summary(self) -> LossSummary:
        """The result, once `run` has ended."""
        losses, n = self._path_losses, self._n_paths
        sd = float(losses.std(ddof=1)) if n > 1 else 0.0
        ordered = np.sort(losses)
        defaults = self._loan_defaults
        in_default = np.full(len(self._book), np.nan)
        np.divide(self._loan_collateral, defaults, out=in_default, where=defaults > 0)
        return LossSummary(
            n_paths=n,
            expected_loss=float(losses.mean()),
            expected_loss_error=sd / np.sqrt(n),
            unexpected_loss=sd,
            tail=tuple(tail_estimate(ordered, confidence) for confidence in REPORTED_CONFIDENCES),
            loan_expected_loss=self._loan_losses / n,
            loan_default_share=defaults / n,
            loan_collateral_mean=self._collateral.means(n),
            loan_collateral_in_default=in_default,
            path_losses=losses,
        )

    def _fitting_block(self) -> int:
        """A block that keeps memory bounded and takes a fraction of a second."""
        rows = 4 * self._model.n_primary + 2 * len(self._indices.loadings) + self._collateral.rows_per_path
        by_memory = _BLOCK_BYTES // (8 * max(rows, 1))
        # Assets that are evaluated one by one cost a call each in every block: fewer, longer blocks.
        draws = _BLOCK_DRAWS if self._collateral.is_on_grid else 3 * _BLOCK_DRAWS
        by_draws = draws // max(len(self._book), 1)
        by_defaults = _BLOCK_DEFAULTS // max(float(self._book.default_probability.sum()), 1.0)
        return int(np.clip(min(by_memory, by_draws, by_defaults), 256, 32_768))

    def _simulate_block(self, first: int, n: int) -> None:
        book = self._book
        states = self._model.simulate_states([self._horizon_years], n, self._seed, first_path=first)[:, 0, :]
        indices = self._indices.values(states)
        expected = int(2.0 * n * float(book.default_probability.sum())) + 1_000
        loan, path = self._search.find(indices, first, expected)
        collateral = self._collateral.in_default(loan, path, states, first)
        loss = book.unsecured_lgd[loan] * np.maximum(book.exposure_cny[loan] - collateral, 0.0)
        loss *= 1.0 - self._guaranteed_shares(loan, path, indices, first)
        # Unbuffered sums continue in path order from block to block and, on a path, in loan order.
        np.add.at(self._path_losses, first + path, loss)
        np.add.at(self._loan_losses, loan, loss)
        np.add.at(self._loan_collateral, loan, collateral)
        self._loan_defaults += np.bincount(loan, minlength=len(book))

    def _guaranteed_shares(self, loan: Lanes, path: Lanes, indices: Array, first: int) -> Array:
        """Share of the loss that the guarantor bears in each default; 0 where it failed too, [n_defaults]."""
        book = self._book
        shares = book.guarantee_share[loan]
        may_fail = np.flatnonzero((shares > 0.0) & (book.guarantor_default_probability[loan] > 0.0))
        loan, path = loan[may_fail], path[may_fail]
        draws = uniforms_at(self._seed, Purpose.GUARANTOR, book.guarantor_of_loan[loan], first + path)
        rho, index = book.asset_correlation[loan], indices[book.index_of_loan[loan], path]
        distance = (self._guarantor_thresholds[loan] - np.sqrt(rho) * index) / np.sqrt(1.0 - rho)
        shares[may_fail[draws < ndtr(distance)]] = 0.0
        return shares


def _require(name: str, values: Array, low: float, high: float) -> None:
    wrong = ~((values >= low) & (values <= high))
    if np.any(wrong):
        at = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{name}[{at}]: found {values[at]}, expected a number from {low} to {high}")
