"""Asks the fund service for a grid: one comparison of worlds after the other, all on the same draws."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from flows.fund_question import AskedFund, ask, read_question
from flows.fund_scenarios.grid import FundGrid, FundVariant, chosen_view
from flows.fund_scenarios.question import AS_ASKED, FundGridQuestion, FundSetting
from flows.grid_file import unknown_name
from services.fund.client import FundClient
from services.fund.fund_terms.sheets import read_term_sheets
from services.fund.fund_terms.terms import FundTerms
from services.fund.simulation.outcome import FundSimulation
from services.fund.simulation.scenario import FundScenario
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress

BUNDLED_QUESTION = "demonstration/fund_question.toml"
BUNDLED_SHEETS = "fund/term_sheets.toml"
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class FundGridPlan:
    """A grid made ready: every variant as a question to the service.

    Attributes:
        asked: the fund as the question has it.
        worlds: to compare each variant with.
        variants: id of the term sheet, setting, simulation.
    """

    asked: AskedFund
    worlds: tuple[FundScenario, ...]
    variants: tuple[tuple[str, FundSetting, FundSimulation], ...]

    @property
    def n_paths(self) -> int:
        """Paths of one variant over all its worlds."""
        return self.asked.simulation.n_paths * (1 + len(self.worlds))


def plan_fund_grid(
    client: FundClient, market: MarketSnapshot, grid: FundGridQuestion, folder: Path
) -> FundGridPlan:
    """Store the projects that a grid is about and make every variant ready.

    Args:
        client: of the fund service.
        market: snapshot of the base.
        grid: what is asked.
        folder: that paths in the grid are relative to.

    Raises:
        InvalidInput: a file is missing or wrong, or a name is unknown, with the place.
    """
    path = bundled(BUNDLED_QUESTION) if grid.question is None else folder / grid.question
    asked = ask(client, market, path)
    simulation = replace(
        asked.simulation,
        n_paths=asked.simulation.n_paths if grid.n_paths is None else grid.n_paths,
        seed=asked.simulation.seed if grid.seed is None else grid.seed,
    )
    own = read_question(path)
    sheets = {own.term_sheet: asked.simulation.terms}
    for sheet_id in grid.term_sheets:
        sheets[sheet_id] = _terms(client, sheet_id, path, own.term_sheets)
    settings = grid.settings or (AS_ASKED,)
    return FundGridPlan(
        replace(asked, simulation=simulation),
        _worlds(asked, grid.worlds),
        tuple(
            (sheet_id, setting, _in_setting(simulation, sheets[sheet_id], setting, i))
            for sheet_id in grid.term_sheets or (own.term_sheet,)
            for i, setting in enumerate(settings)
        ),
    )


def compare_variant(
    client: FundClient,
    plan: FundGridPlan,
    number: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> FundVariant:
    """The comparison of one variant; what the service refuses is kept as a refusal, for the other variants go on."""
    sheet_id, setting, simulation = plan.variants[number]
    try:
        comparison = client.compare_scenarios(simulation, plan.worlds, on_progress=on_progress)
    except InvalidInput as error:
        return FundVariant(sheet_id, simulation.terms, setting, None, error.message)
    return FundVariant(sheet_id, simulation.terms, setting, comparison)


def gather(
    plan: FundGridPlan, variants: tuple[FundVariant, ...], grid: FundGridQuestion, institution_id: str
) -> FundGrid:
    """The grid of all variants.

    Raises:
        InvalidInput: every variant was refused, or nobody is seen by the name asked for.
    """
    if all(variant.comparison is None for variant in variants):
        raise InvalidInput(f"every variant was refused; the first: {variants[0].refusal}")
    simulation = plan.asked.simulation
    return FundGrid(
        institution_id,
        simulation.snapshot,
        simulation.first_year,
        plan.worlds,
        variants,
        chosen_view(variants, grid.seen_by),
        simulation.n_paths,
        simulation.seed,
        simulation.liquidity_rate_annual,
    )


def run_fund_grid(
    client: FundClient,
    market: MarketSnapshot,
    grid: FundGridQuestion,
    folder: Path,
    *,
    institution_id: str,
    on_progress: Callable[[Progress], None] | None = None,
) -> FundGrid:
    """Ask for a whole grid.

    Args:
        client: of the fund service.
        market: snapshot of the base.
        grid: what is asked.
        folder: that paths in the grid are relative to.
        institution_id: shown on the cover.
        on_progress: told how far all variants are together; what it raises ends the grid.

    Raises:
        InvalidInput: a file or a name is wrong, or every variant was refused.
        Unavailable: the service went away.
    """
    plan = plan_fund_grid(client, market, grid, folder)
    return gather(plan, tuple(_compared(client, plan, on_progress)), grid, institution_id)


def _compared(
    client: FundClient, plan: FundGridPlan, on_progress: Callable[[Progress], None] | None
) -> Iterator[FundVariant]:
    total = plan.n_paths * len(plan.variants)
    for number in range(len(plan.variants)):

        def told(event: Progress, before: int = number * plan.n_paths) -> None:
            if on_progress is not None:
                on_progress(Progress(before + event.paths_done, total))

        yield compare_variant(client, plan, number, told)


def _terms(client: FundClient, sheet_id: str, question: Path, file: str | None) -> FundTerms:
    """A term sheet of the question's file, else one that the service keeps."""
    sheets = read_term_sheets(bundled(BUNDLED_SHEETS) if file is None else question.parent / file)
    if sheet_id in sheets:
        return sheets[sheet_id].terms
    try:
        return client.get_terms(sheet_id).terms
    except NotFound:
        raise unknown_name("term_sheets", sheet_id, tuple(sheets)) from None


def _worlds(asked: AskedFund, names: tuple[str, ...]) -> tuple[FundScenario, ...]:
    known = {scenario.market.name: scenario for scenario in asked.scenarios}
    for name in names:
        if name not in known:
            raise unknown_name("worlds", name, tuple(known))
    return tuple(known[name] for name in names) if names else asked.scenarios


def _in_setting(
    simulation: FundSimulation, terms: FundTerms, setting: FundSetting, number: int
) -> FundSimulation:
    """The simulation under given terms, as a setting changes it."""
    keys = {f"{each.pipeline}/{each.project_id}" for each in simulation.investments}
    for i, key in enumerate(setting.leave_out):
        if key not in keys:
            raise unknown_name(f"settings[{number}].leave_out[{i}]", key, sorted(keys))
    multiple = setting.commitment_multiple
    if multiple is not None:
        by = Decimal(repr(multiple))
        partners = tuple(
            replace(partner, commitment_cny=(partner.commitment_cny * by).quantize(CENT))
            for partner in terms.partners
        )
        terms = replace(terms, partners=partners)
    if setting.fee_rate_annual is not None:
        terms = replace(
            terms,
            fee_rate_annual=setting.fee_rate_annual,
            investment_period_years=None,
            fee_rate_after_annual=None,
        )
    rate = setting.liquidity_rate_annual
    return replace(
        simulation,
        terms=terms,
        investments=tuple(
            each
            for each in simulation.investments
            if f"{each.pipeline}/{each.project_id}" not in setting.leave_out
        ),
        report_years=tuple(year for year in simulation.report_years if year <= terms.last_year),
        liquidity_rate_annual=simulation.liquidity_rate_annual if rate is None else rate,
    )
