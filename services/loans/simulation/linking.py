"""The use case of the wrong-way risk report: collateral on the borrowers' paths, and cut loose from them."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from quant.loan_losses.fund_payments import caps_matter
from quant.loan_losses.path_sampling import PathSampler
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.loan_losses.wrong_way import independent_copy, link_shares
from quant.portfolio import tail_direction
from services.loans.cautions import cautions_about
from services.loans.portfolio import PortfolioQuestion
from services.loans.quality.rules import CreditRules
from services.loans.simulation.book_reading import OpenStore, read_book
from services.loans.simulation.link import LinkedLoss, LinkShare, WrongWayRisk
from services.loans.simulation.reverse_stressing import affordable_paths
from services.loans.simulation.simulating import manifest_of, threads
from services.loans.simulation.stress import StressQuestion
from services.loans.simulation.stressing import prepared_book
from services.runtime.results import Caution, Severity


def measure_wrong_way_risk(
    open_store: OpenStore,
    question: PortfolioQuestion,
    rules: CreditRules,
    check_alive: Callable[[], None] = lambda: None,
) -> WrongWayRisk:
    """Simulates the book with and without the link; both sides have the same defaults.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: a factor that the snapshot does not have.
    """
    book = read_book(open_store, question, rules).secured
    prepared = prepared_book(StressQuestion(question), book)
    ends = question.period_ends_years
    sampler = PathSampler(prepared.model, ends, question.seed, tail_direction(prepared))
    copy = independent_copy(prepared.model, ends, question.seed)
    together, apart = (
        _simulated(prepared, sampler, question.n_paths, seen, check_alive) for seen in (None, copy)
    )
    difference = together.path_weights * (together.path_losses - apart.path_losses)
    shares = link_shares(
        prepared, affordable_paths(prepared), question.seed, n_threads=threads(), check_alive=check_alive
    )
    return WrongWayRisk(
        n_loans=len(book.loans),
        exposure_cny=math.fsum(prepared.book.exposure_cny[:, 0]),
        together=_side(together),
        apart=_side(apart),
        expected_loss_difference_cny=float(difference.mean()),
        expected_loss_difference_error_cny=float(difference.std(ddof=1)) / math.sqrt(len(difference)),
        drivers=tuple(LinkShare(name, value, shares.errors[name]) for name, value in shares.shares.items()),
        drivers_error_cny=shares.difference_error,
        cautions=(*cautions_about(question, book, together), *_about_drivers(prepared)),
        manifest=manifest_of(question, book),
    )


def _about_drivers(prepared: PreparedBook) -> Iterator[Caution]:
    if caps_matter(prepared.book):
        yield Caution(
            "DRIVERS_WITHOUT_CAPS",
            Severity.NOTE,
            "各因子的来源拆分未计补偿基金的上限，合计与差额可能不同；两侧的损失和差额已计上限",
            "the shares of the factors leave out the caps of compensation funds, so their sum may differ from the "
            "difference; the losses of both sides and their difference do count them",
            "compensation_funds",
        )


def _simulated(
    prepared: PreparedBook,
    sampler: PathSampler,
    n_paths: int,
    copy: Callable[[int, int, np.ndarray], np.ndarray] | None,
    check_alive: Callable[[], None],
) -> LossSummary:
    simulation = LossSimulation(
        prepared, sampler, n_paths, collateral_sampler=copy, fans=False, n_threads=threads()
    )
    for _ in simulation.run():
        check_alive()
    return simulation.summary()


def _side(found: LossSummary) -> LinkedLoss:
    tail = found.tail[-1]
    return LinkedLoss(
        found.expected_loss,
        found.expected_loss_error,
        tail.value_at_risk,
        tail.expected_shortfall,
        _collateral_ratio(found),
    )


def _collateral_ratio(found: LossSummary) -> float | None:
    """Collateral where loans default over collateral at large, both weighted by how often each loan defaults."""
    seen = ~np.isnan(found.loan_collateral_in_default)
    share = found.loan_default_share[seen]
    at_large = float(share @ found.loan_collateral_mean[seen])
    return float(share @ found.loan_collateral_in_default[seen]) / at_large if at_large > 0.0 else None
