"""Asks the loans service for a grid: one stress test after the other, all on the same draws."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flows.book_scenarios.grid import BookGrid, BookVariant
from flows.book_scenarios.question import WHOLE_BOOK, BookGridQuestion, BookSetting
from flows.grid_file import unknown_name
from services.loans.book_terms.given import AS_THE_BOOK, GivenTerms, read_given_terms
from services.loans.loan import LoanRecord
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation.stress import PortfolioStress, StressQuestion
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress
from services.runtime.scenarios.choice import fitting_scenarios, named_scenarios
from services.runtime.scenarios.file import read_scenarios, read_standard_scenarios
from services.runtime.scenarios.scenario import Scenario


class LoanLister(Protocol):
    """The call that tells which loans there are."""

    def list_loans(self) -> Iterable[LoanRecord]:
        """Every loan of the institution."""
        ...


class BookStresser(Protocol):
    """The call that simulates a book in its worlds."""

    def stress(
        self, question: StressQuestion, *, on_progress: Callable[[Progress], None] | None = None
    ) -> PortfolioStress:
        """The book in the base market and under every scenario."""
        ...


@dataclass(frozen=True, slots=True)
class BookPart:
    """The loans of a setting: their ids, none for all of the book; or why there are none."""

    setting: BookSetting
    loan_ids: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class BookGridPlan:
    """A grid made ready.

    Attributes:
        grid: what is asked.
        snapshot: the base market.
        worlds: scenarios, in order.
        parts: of the book, one for each setting.
        terms: curves and funds in place of those of the book.
    """

    grid: BookGridQuestion
    snapshot: MarketSnapshot
    worlds: tuple[Scenario, ...]
    parts: tuple[BookPart, ...]
    terms: GivenTerms = AS_THE_BOOK

    @property
    def n_paths(self) -> int:
        """Paths of one setting over all its worlds."""
        return self.grid.n_paths * (1 + len(self.worlds))


def plan_book_grid(
    loans: LoanLister, snapshot: MarketSnapshot, grid: BookGridQuestion, folder: Path
) -> BookGridPlan:
    """Choose the worlds and the loans of every setting.

    Args:
        loans: tells which loans there are; asked only where a setting is a part of the book.
        snapshot: the base market.
        grid: what is asked.
        folder: that paths in the grid are relative to.

    Raises:
        InvalidInput: a file is missing or wrong, a world is unknown or does not fit the market.
    """
    settings = grid.settings or (WHOLE_BOOK,)
    is_parted = any(setting.products or setting.counties for setting in settings)
    known = tuple(loans.list_loans()) if is_parted else ()
    parts = tuple(_part(setting, known) for setting in settings)
    return BookGridPlan(grid, snapshot, _worlds(grid, snapshot, folder), parts, _terms(grid, folder))


def stress_setting(
    stresser: BookStresser,
    plan: BookGridPlan,
    number: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> BookVariant:
    """The stress test of one setting; what the service refuses is kept as a refusal, for the others go on."""
    grid, part = plan.grid, plan.parts[number]
    setting = part.setting
    quarters = grid.n_quarters if setting.n_quarters is None else setting.n_quarters
    if part.refusal:
        return BookVariant(setting, quarters, None, part.refusal)
    try:
        book = PortfolioQuestion(
            plan.snapshot,
            grid.as_of,
            part.loan_ids,
            n_paths=grid.n_paths,
            seed=grid.seed,
            n_quarters=quarters,
            fund_cap_cny=grid.fund_cap_cny if setting.fund_cap_cny is None else setting.fund_cap_cny,
            **plan.terms.arguments(),
        )
        stress = stresser.stress(StressQuestion(book, scenarios=plan.worlds), on_progress=on_progress)
    except (InvalidInput, NotFound, ValueError) as error:
        return BookVariant(setting, quarters, None, str(error))
    return BookVariant(setting, quarters, stress)


def gather(plan: BookGridPlan, variants: tuple[BookVariant, ...], institution_id: str) -> BookGrid:
    """The grid of all settings.

    Raises:
        InvalidInput: every setting was refused.
    """
    if all(variant.stress is None for variant in variants):
        raise InvalidInput(f"every setting was refused; the first: {variants[0].refusal}")
    return BookGrid(institution_id, plan.snapshot, plan.worlds, variants, plan.grid.n_paths, plan.grid.seed)


def run_book_grid(
    loans: LoanLister,
    stresser: BookStresser,
    snapshot: MarketSnapshot,
    grid: BookGridQuestion,
    folder: Path,
    *,
    institution_id: str,
    on_progress: Callable[[Progress], None] | None = None,
) -> BookGrid:
    """Ask for a whole grid.

    Args:
        loans: client of the loans service.
        stresser: its client for stress tests.
        snapshot: the base market.
        grid: what is asked.
        folder: that paths in the grid are relative to.
        institution_id: shown on the cover.
        on_progress: told how far all settings are together; what it raises ends the grid.

    Raises:
        InvalidInput: a file or a world is wrong, or every setting was refused, as where there are no loans.
        Unavailable: the service went away.
    """
    plan = plan_book_grid(loans, snapshot, grid, folder)
    return gather(plan, tuple(_stressed(stresser, plan, on_progress)), institution_id)


def _stressed(
    stresser: BookStresser, plan: BookGridPlan, on_progress: Callable[[Progress], None] | None
) -> Iterator[BookVariant]:
    total = plan.n_paths * len(plan.parts)
    for number in range(len(plan.parts)):

        def told(event: Progress, before: int = number * plan.n_paths) -> None:
            if on_progress is not None:
                on_progress(Progress(before + event.paths_done, total))

        yield stress_setting(stresser, plan, number, told)


def _terms(grid: BookGridQuestion, folder: Path) -> GivenTerms:
    """Curves and funds of the grid's files."""
    curves, funds = (None if name is None else folder / name for name in (grid.default_curves, grid.funds))
    return read_given_terms(curves, funds, without_book_terms=grid.without_book_terms)


def _worlds(grid: BookGridQuestion, snapshot: MarketSnapshot, folder: Path) -> tuple[Scenario, ...]:
    own = () if grid.scenarios is None else read_scenarios(folder / grid.scenarios)
    if not grid.worlds:
        return named_scenarios((), own, snapshot) if own else fitting_scenarios(snapshot)[0]
    known = read_standard_scenarios() | {scenario.name: scenario for scenario in own}
    for name in grid.worlds:
        if name not in known:
            raise unknown_name("worlds", name, tuple(known))
    return named_scenarios((), [known[name] for name in grid.worlds], snapshot)


def _part(setting: BookSetting, known: tuple[LoanRecord, ...]) -> BookPart:
    """The loans of a setting."""
    if not setting.products and not setting.counties:
        return BookPart(setting)
    found = tuple(
        record.loan.loan_id
        for record in known
        if (not setting.products or record.loan.product in setting.products)
        and (not setting.counties or record.loan.county in setting.counties)
    )
    if found:
        return BookPart(setting, found)
    products, counties = (
        ", ".join(sorted({getattr(record.loan, field) for record in known})) or "none"
        for field in ("product", "county")
    )
    there = f"the book has products {products} and counties {counties}"
    return BookPart(setting, refusal=f"no loan of these products and counties; {there}")
