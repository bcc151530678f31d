"""The use case of a stress test: the book in the base market, under every scenario, and up to a limit.

A scenario meets both sides: collateral is repriced in the changed market, and borrowers default on its factors,
measured against the base market. All worlds share paths and weights, so that changes stand on pairs.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from quant.loan_losses.book import Pledges
from quant.loan_losses.path_sampling import PathSampler, TailDirection
from quant.loan_losses.prepared_book import PreparedBook
from quant.loan_losses.simulation import LossSimulation, LossSummary
from quant.portfolio import tail_direction
from services.loans.book import SecuredBook
from services.loans.cautions import cautions_about
from services.loans.portfolio import PortfolioQuestion
from services.loans.quality.rules import CreditRules
from services.loans.simulation.book_reading import BookToSimulate, OpenStore, read_book
from services.loans.simulation.reverse_stressing import reverse_stress
from services.loans.simulation.simulating import manifest_of, run_with_progress, threads
from services.loans.simulation.stress import PortfolioStress, ReverseStress, StressedLoss, StressQuestion
from services.runtime.errors import InvalidInput
from services.runtime.results import Progress
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.choice import UnfitScenario, fitting_scenarios, named_scenarios
from services.runtime.scenarios.scenario import Scenario, apply_to_schedule
from services.runtime.workers.port import PathWorkers


@dataclass(frozen=True, slots=True)
class _World:
    """A market in which the book is simulated; the base market has no scenario."""

    scenario: Scenario | None
    prepared: PreparedBook


def stress_portfolio(
    open_store: OpenStore,
    question: StressQuestion,
    rules: CreditRules,
    check_alive: Callable[[], None] = lambda: None,
    workers: PathWorkers | None = None,
) -> Iterator[Progress | PortfolioStress]:
    """Simulates the book in every world; yields progress, then the result.

    Args:
        open_store: opens a reading transaction, which ends before the simulation begins.
        question: book, worlds and limit.
        rules: of classification: which loans are in default already.
        check_alive: called after each block and look; what it raises ends the simulation.
        workers: simulate the worlds in place of threads of this process; the limit is sought on threads.

    Raises:
        NotFound: no loans, or an unknown one.
        InvalidInput: an unknown scenario, one that does not fit, or a factor that the snapshot does not have.
    """
    asked = question.book
    scenarios, skipped = _chosen(question)
    read = read_book(open_store, asked, rules)
    book = read.secured
    base = prepared_book(question, book)
    direction = tail_direction(base)
    figures: list[StressedLoss] = []
    standard: LossSummary | None = None
    for number, scenario in enumerate((None, *scenarios)):
        world = _World(scenario, base if scenario is None else _changed(base, read, question, scenario))
        simulation = _simulation(world.prepared, asked, direction)
        yield from run_with_progress(
            simulation,
            asked.n_paths,
            check_alive,
            done_before=number * asked.n_paths,
            total=(len(scenarios) + 1) * asked.n_paths,
            workers=workers,
        )
        found = simulation.summary()
        standard = found if standard is None else standard
        figures.append(_figures(world, found, standard))
    assert standard is not None  # noqa: S101  # the base market is always simulated; tells mypy
    reverse: ReverseStress | None = None
    if question.limit is not None:
        for event in reverse_stress(base, asked, question.limit, check_alive, caps_in=read.fund_caps):
            if isinstance(event, ReverseStress):
                reverse = event
            else:
                paths = (len(scenarios) + 1) * asked.n_paths
                yield replace(event, paths_done=paths, paths_total=paths)
    yield PortfolioStress(
        n_loans=len(book.loans),
        exposure_cny=math.fsum(base.book.exposure_cny[:, 0]),
        worlds=tuple(figures),
        skipped=skipped,
        reverse=reverse,
        cautions=cautions_about(asked, book, standard),
        manifest=manifest_of(asked, book),
    )


def prepared_book(question: StressQuestion, book: SecuredBook) -> PreparedBook:
    """The book in the base market.

    Raises:
        InvalidInput: a schedule or an index names a factor that the snapshot does not have.
    """
    snapshot = question.book.snapshot
    model = snapshot.factor_model()
    loans = book.loss_book(model, question.book.period_ends_years)
    try:
        return PreparedBook.of(loans, model, snapshot.curve().discount_factors)
    except ValueError as error:
        raise InvalidInput.of("snapshot", str(error)) from error


def _simulation(
    prepared: PreparedBook, asked: PortfolioQuestion, direction: TailDirection | None
) -> LossSimulation:
    ends = prepared.book.period_ends_years
    along = None if direction is None else direction.in_market(prepared.model, ends)
    sampler = PathSampler(prepared.model, ends, asked.seed, along)
    return LossSimulation(prepared, sampler, asked.n_paths, n_threads=threads())


def _chosen(question: StressQuestion) -> tuple[tuple[Scenario, ...], tuple[UnfitScenario, ...]]:
    snapshot = question.book.snapshot
    if not question.names and not question.scenarios and question.limit is None:
        return fitting_scenarios(snapshot)
    return named_scenarios(question.names, question.scenarios, snapshot), ()


def _changed(
    base: PreparedBook, read: BookToSimulate, question: StressQuestion, scenario: Scenario
) -> PreparedBook:
    """The book in a changed market, in which the pledges of loans in default leave funds another part of their caps."""
    changed, book = apply(question.book.snapshot, scenario), read.secured
    model, discount = changed.factor_model(), changed.curve().discount_factors
    pledges = base.book.pledges
    schedules = [apply_to_schedule(item.schedule_from(book.day), scenario) for item in book.collateral]
    return base.in_market(
        model,
        discount,
        Pledges(tuple(schedules), pledges.schedule, pledges.loan, pledges.multiple, pledges.asset_lane),
        read.fund_caps(model, discount, scenario),
    )


def _figures(world: _World, found: LossSummary, standard: LossSummary) -> StressedLoss:
    change = found.path_weights * found.path_losses - standard.path_weights * standard.path_losses
    scenario, tail = world.scenario, found.tail[-1]
    assert found.npl is not None  # noqa: S101  # stress simulations follow the book over time; tells mypy
    return StressedLoss(
        scenario="" if scenario is None else scenario.name,
        label_zh="基准市场" if scenario is None else scenario.label_zh,
        label_en="base market" if scenario is None else scenario.label_en,
        expected_loss_cny=found.expected_loss,
        expected_loss_error_cny=found.expected_loss_error,
        value_at_risk_cny=tail.value_at_risk,
        expected_shortfall_cny=tail.expected_shortfall,
        default_rate=float(found.loan_default_share.mean()),
        collateral_mean_cny=float(found.loan_collateral_mean.sum()),
        expected_loss_change_cny=float(change.mean()),
        expected_loss_change_error_cny=float(change.std(ddof=1)) / math.sqrt(len(change)),
        npl_ratio=float(np.asarray(found.npl.mean)[-1]),
    )
