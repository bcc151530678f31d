"""A grid of the fund through real services: what each cell is, what is refused, and what the report shows."""

import io
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from msgspec import structs

from flows.fund_question import ask
from flows.fund_scenarios.grid import FundGrid, seen
from flows.fund_scenarios.question import FundGridQuestion, FundSetting, read_fund_grid
from flows.fund_scenarios.run import run_fund_grid
from flows.reports.document import Figure, Table
from flows.reports.fund_grid_report.assembly import build_fund_grid_document, write_fund_grid
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput
from services.runtime.results import Progress
from tests.flows.key_figures import figures_in_words
from tests.flows.scenario_services import INSTITUTION, ScenarioServices, scenario_services

HERE = Path()
GRID = FundGridQuestion(
    term_sheets=("qilian", "american"),
    worlds=("cost-overrun", "weak-exit"),
    settings=(
        FundSetting("as-asked"),
        FundSetting("tight", "认缴七成", "x 0.7", commitment_multiple=0.7, liquidity_rate_annual=0.08),
        FundSetting("too-small", commitment_multiple=0.01),
    ),
    n_paths=512,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScenarioServices]:
    with scenario_services(tmp_path_factory.mktemp("fund")) as services:
        yield services


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def grid(running: ScenarioServices, told: list[Progress]) -> FundGrid:
    return run_fund_grid(
        running.fund, running.market, GRID, HERE, institution_id=INSTITUTION, on_progress=told.append
    )


def test_a_cell_is_what_a_comparison_of_its_own_gives(running: ScenarioServices, grid: FundGrid) -> None:
    asked = ask(running.fund, running.market, bundled("demonstration/fund_question.toml"))
    worlds = [world for world in asked.scenarios if world.market.name in GRID.worlds]
    simulation = replace(asked.simulation, n_paths=512)
    alone = running.fund.compare_scenarios(simulation, worlds)
    assert grid.variants[0].sheet_id == "qilian"
    assert repr(grid.variants[0].comparison) == repr(alone)


def test_variants_come_term_sheet_by_term_sheet(grid: FundGrid) -> None:
    names = [(variant.sheet_id, variant.setting.name) for variant in grid.variants]
    assert names == [(sheet, setting.name) for sheet in GRID.term_sheets for setting in GRID.settings]
    assert [len(list(variant.outcomes())) for variant in grid.answered] == [3] * 4
    # The first class that pays in under both: the city pays in under the first sheet alone.
    assert grid.seen_by == "social_capital"


def test_a_setting_changes_what_it_names(grid: FundGrid) -> None:
    before, tight = grid.variants[0], grid.variants[1]
    committed = [
        sum((p.commitment_cny for p in variant.terms.partners), Decimal()) for variant in (before, tight)
    ]
    assert committed == [Decimal(1_000_000_000), Decimal(700_000_000)]
    assert before.comparison is not None
    assert tight.comparison is not None
    # Fewer commitments, the same projects: more is bridged.
    assert tight.comparison.base.probability_line_needed > before.comparison.base.probability_line_needed
    # The draws are the same: what happens to the projects is too.
    assert before.comparison.base.projects == tight.comparison.base.projects


def test_a_refused_variant_is_told_and_sinks_no_other(grid: FundGrid) -> None:
    refused = [variant for variant in grid.variants if variant.refusal]
    assert [variant.setting.name for variant in refused] == ["too-small", "too-small"]
    assert "found commitments of 10,000,000.00 CNY" in refused[0].refusal


def test_progress_runs_over_all_variants(grid: FundGrid, told: list[Progress]) -> None:
    total = 512 * 3 * len(grid.variants)
    assert {event.paths_total for event in told} == {total}
    done = [event.paths_done for event in told]
    assert done == sorted(done)
    # The last variant was refused before its first path.
    assert done[-1] == 512 * 3 * (len(grid.variants) - 1)


def test_the_report_shows_every_cell(grid: FundGrid, tmp_path: Path) -> None:
    document = build_fund_grid_document(grid)
    assert figures_in_words(document) == []
    tables = [table for section in document.sections for table in section.tables()]
    comparison = next(table for table in tables if table.title.en == "Comparison")
    assert len(comparison.rows) == 4 * 3
    outcome = grid.answered[0].comparison
    assert outcome is not None
    each = seen(outcome.base, "social_capital")
    assert each is not None
    assert each.irr_annual is not None
    first = comparison.rows[0].cells
    assert [cell.value for cell in first[2:5]] == [
        each.irr_annual.quantile(level) for level in (0.05, 0.5, 0.95)
    ]
    assert first[5].value is None  # the base is not compared with itself
    matrix = tables[0]
    assert isinstance(matrix, Table)
    assert [len(row.cells) for row in matrix.rows] == [1 + 4] * 3
    assert matrix.rows[0].cells[1].value == each.irr_annual.quantile(0.5)
    charts = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    assert len(charts) == 2
    html, xlsx = write_fund_grid(grid, tmp_path, "asked")
    assert "最不利情景的 IRR 中位数变化" in html.read_text(encoding="utf-8")
    assert "假设" in html.read_text(encoding="utf-8")
    book = openpyxl.load_workbook(io.BytesIO(xlsx.read_bytes()))
    assert len(book.sheetnames) >= 5


def test_the_same_grid_gives_the_same_files(grid: FundGrid, tmp_path: Path) -> None:
    first, second = (write_fund_grid(grid, tmp_path / name, "asked") for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"worlds": ("flood",)}, "worlds: found 'flood', expected one of slow-ramp-up"),
        ({"term_sheets": ("qilien",)}, "term_sheets: found 'qilien', expected one of qilian"),
        ({"seen_by": "nobody"}, "seen_by: found 'nobody', expected one of city_finance"),
        (
            {"settings": (FundSetting("less", leave_out=("reserve_2026/R99",)),)},
            r"settings\[0\].leave_out\[0\]: found 'reserve_2026/R99'",
        ),
        ({"settings": (FundSetting("tiny", commitment_multiple=0.01),)}, "every variant was refused"),
        ({"question": "no-such.toml"}, r"no-such\.toml"),
    ],
)
def test_what_is_wrong_is_named(running: ScenarioServices, change: dict[str, object], message: str) -> None:
    grid = structs.replace(FundGridQuestion(worlds=("delay",), n_paths=256), **change)
    with pytest.raises(InvalidInput, match=message):
        run_fund_grid(running.fund, running.market, grid, HERE, institution_id=INSTITUTION)


def test_a_wrong_file_names_every_place(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(
        'term_sheets = ["qilian", "qilian"]\nn_paths = 10\n'
        '[[settings]]\nname = "a"\ncommitment_multiple = 0.0\n[[settings]]\nname = "a"\n',
        encoding="utf-8",
    )
    with pytest.raises(InvalidInput) as caught:
        read_fund_grid(file)
    assert [violation.field for violation in caught.value.violations] == [
        f"{file}: term_sheets[1]", f"{file}: settings[1]", f"{file}: settings[0].commitment_multiple",
        f"{file}: n_paths",
    ]  # fmt: skip
    file.write_text("wrlds = []\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="wrlds"):
        read_fund_grid(file)


def test_the_example_is_a_grid() -> None:
    grid = read_fund_grid(Path("examples/grids/fund.toml"))
    assert len(grid.term_sheets) * len(grid.settings) > 1
    assert grid.question is not None
    assert (Path("examples/grids") / grid.question).exists()
