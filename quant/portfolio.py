"""Loss of a book of secured loans over many periods: the front door of `quant.loan_losses`.

    simulation = loss_simulation(book, model, discount, n_paths=20_000, seed=1)
    for done in simulation.run(): ...
    summary = simulation.summary()

Prices, collateral and defaults stand on the same paths of the factors. See docs/models/portfolio-loss.md.
"""

from collections.abc import Callable

import numpy as np

from quant.credit_risk.conditional_loss import path_expected_losses
from quant.factors import FactorModel
from quant.loan_losses.book import LoanBook
from quant.loan_losses.path_sampling import PathSampler, TailDirection, mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.schedules import DiscountFactors

_PILOT_PATHS = 1_024
_PILOT_SEED = 5_183_627
_PILOT_TERMS = 4_000_000


def loss_simulation(
    book: LoanBook,
    model: FactorModel,
    discount: DiscountFactors,
    *,
    n_paths: int,
    seed: int,
    base: FactorModel | None = None,
    towards_tail: bool = False,
    fans: bool = True,
    n_threads: int = 1,
    block_paths: int | None = None,
) -> LossSimulation:
    """A simulation, ready to run.

    Args:
        book: the loans, their periods and pledges.
        model: the market simulated in.
        discount: discount factors of its curve.
        n_paths: number of paths, >= 1.
        seed: seed of the scenario universe.
        base: the market that sets indices and thresholds, where `model` is a changed one.
        towards_tail: draw paths of high losses more often, with weights.
        fans: follow non-performing loans and loan to value over time.
        n_threads: threads; they do not change the result.
        block_paths: paths at a time; chosen when absent. It does not change the result.

    Raises:
        ValueError: if an argument is outside its domain.
        KeyError: if a schedule names a factor that the model does not have.
    """
    prepared = PreparedBook.of(book, model, discount, base=base)
    direction = tail_direction(prepared) if towards_tail else None
    sampler = PathSampler(model, book.period_ends_years, seed, direction)
    return LossSimulation(prepared, sampler, n_paths, fans=fans, n_threads=n_threads, block_paths=block_paths)


def simulate_losses(
    book: LoanBook,
    model: FactorModel,
    discount: DiscountFactors,
    *,
    n_paths: int,
    seed: int,
    base: FactorModel | None = None,
    towards_tail: bool = False,
    fans: bool = True,
    n_threads: int = 1,
    block_paths: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> LossSummary:
    """Simulate the loss of a book; the arguments are those of `loss_simulation`.

    `on_progress` is told after each block how many paths are done; what it raises ends the simulation.
    """
    simulation = loss_simulation(
        book, model, discount, n_paths=n_paths, seed=seed, base=base, towards_tail=towards_tail, fans=fans,
        n_threads=n_threads, block_paths=block_paths,
    )  # fmt: skip
    for done in simulation.run():
        if on_progress is not None:
            on_progress(done)
    return simulation.summary()


def tail_direction(prepared: PreparedBook) -> TailDirection | None:
    """The direction of the factors along which the log of the book's expected loss grows, from a pilot sample."""
    ends = prepared.book.period_ends_years
    states = mirrored_states(prepared.model, ends, _PILOT_PATHS, _PILOT_SEED)
    losses = path_expected_losses(prepared, states, _PILOT_SEED, _PILOT_TERMS)
    if not losses.max(initial=0.0) > 0.0:
        return None
    return TailDirection.towards(
        prepared.model, ends, states, np.log(np.maximum(losses, 1e-9 * losses.max()))
    )
