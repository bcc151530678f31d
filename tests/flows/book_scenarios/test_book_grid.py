"""A grid of the loan book through real services: what each cell is, what is refused, and what the report shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from flows.book_scenarios.grid import BookGrid
from flows.book_scenarios.question import BookGridQuestion, BookSetting, read_book_grid
from flows.book_scenarios.run import run_book_grid
from flows.reports.book_grid_report.assembly import build_book_grid_document, write_book_grid
from flows.reports.document import Figure
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation.stress import StressQuestion
from services.runtime.errors import InvalidInput
from services.runtime.results import Progress
from services.runtime.scenarios.file import read_scenarios
from tests.flows.key_figures import figures_in_words
from tests.flows.scenario_services import INSTITUTION, ScenarioServices, scenario_services

EXAMPLES = Path("examples/grids")
GRID = BookGridQuestion(
    worlds=("dry-decade", "ccer-crash"),
    scenarios="worlds.toml",
    settings=(
        BookSetting("whole"),
        BookSetting("water", "取水权", "water", products=("water_right",)),
        BookSetting("sunan", counties=("肃南县",), n_quarters=8),
        BookSetting("tea", products=("tea_garden",)),
    ),
    n_quarters=6,
    n_paths=600,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScenarioServices]:
    with scenario_services(tmp_path_factory.mktemp("book")) as services:
        yield services


def asked(running: ScenarioServices, grid: BookGridQuestion) -> BookGrid:
    return run_book_grid(
        running.loans, running.stresser, running.market, grid, EXAMPLES, institution_id=INSTITUTION
    )


@pytest.fixture(scope="module")
def grid(running: ScenarioServices) -> BookGrid:
    return asked(running, GRID)


def test_a_cell_is_what_a_stress_test_of_its_own_gives(running: ScenarioServices, grid: BookGrid) -> None:
    own = [world for world in read_scenarios(EXAMPLES / "worlds.toml") if world.name == "dry-decade"]
    book = PortfolioQuestion(running.market, n_paths=600, n_quarters=6)
    alone = running.stresser.stress(StressQuestion(book, ("ccer-crash",), tuple(own)))
    found = {world.scenario: world for world in grid.variants[0].worlds}
    assert found == {world.scenario: world for world in alone.worlds}


def test_funds_and_curves_of_files_take_the_place_of_those_of_the_book(
    running: ScenarioServices, tmp_path: Path
) -> None:
    (tmp_path / "funds.toml").write_text(
        '[[compensation_funds]]\nname = "half"\nbasis = "agreement"\ncap_cny = 1e9\ncompensation_share = 0.5\n'
    )
    (tmp_path / "curves.toml").write_text(
        '[[default_curves]]\nname = "often"\nbasis = "assumption"\ncumulative_default = [0.5]\n'
    )
    plain = BookGridQuestion(worlds=("ccer-crash",), n_quarters=4, n_paths=600)
    half, often, without = (
        structs.replace(plain, **changes)
        for changes in (
            {"funds": "funds.toml"},
            {"default_curves": "curves.toml"},
            {"without_book_terms": True},
        )
    )
    found = [
        run_book_grid(
            running.loans, running.stresser, running.market, one, tmp_path, institution_id=INSTITUTION
        )
        for one in (plain, half, often, without)
    ]
    base, funded, curved, left_out = (grid.variants[0].worlds for grid in found)
    for one, other in zip(base, funded, strict=True):
        assert other.expected_loss_cny == pytest.approx(0.5 * one.expected_loss_cny, rel=1e-9)
    assert curved[0].default_rate == pytest.approx(0.5, abs=0.05)
    assert left_out == base
    codes = [{c.code for v in grid.answered if v.stress for c in v.stress.cautions} for grid in found]
    assert "COMPENSATION_FUND_USED" in codes[1] - codes[0]
    assert "DEFAULT_CURVE_USED" in codes[2] - codes[0]
    with pytest.raises(InvalidInput, match=r"nowhere\.toml"):
        asked(running, structs.replace(plain, funds="nowhere.toml"))


def test_a_part_holds_its_loans_and_answers_to_its_worlds(grid: BookGrid) -> None:
    stresses = [variant.stress for variant in grid.answered]
    assert [None if stress is None else stress.n_loans for stress in stresses] == [20, 10, 10]
    assert [variant.n_quarters for variant in grid.answered] == [6, 6, 8]
    base, dry, carbon = grid.variants[1].worlds
    assert dry.expected_loss_cny > base.expected_loss_cny
    # Neither borrowers nor pledges of water-right loans know the price of carbon.
    assert carbon.expected_loss_cny == base.expected_loss_cny


def test_a_refused_part_is_told_and_sinks_no_other(grid: BookGrid) -> None:
    assert [variant.setting.name for variant in grid.variants if variant.refusal] == ["tea"]
    assert "the book has products forest_carbon, water_right" in grid.variants[3].refusal


def test_without_names_every_fitting_world_runs(running: ScenarioServices) -> None:
    every = asked(running, BookGridQuestion(n_quarters=2, n_paths=256))
    assert len(every.variants[0].worlds) == 1 + len(every.worlds)
    assert {"dry-run", "ccer-crash"} <= {world.name for world in every.worlds}


def test_progress_runs_over_all_parts(running: ScenarioServices) -> None:
    told: list[Progress] = []
    question = structs.replace(GRID, settings=(BookSetting("a"), BookSetting("b", n_quarters=2)))
    run_book_grid(
        running.loans, running.stresser, running.market, question, EXAMPLES, institution_id=INSTITUTION,
        on_progress=told.append,
    )  # fmt: skip
    done = [event.paths_done for event in told]
    assert done == sorted(done)
    assert told[-1] == Progress(600 * 3 * 2, 600 * 3 * 2)


def test_the_report_shows_every_cell(grid: BookGrid, tmp_path: Path) -> None:
    document = build_book_grid_document(grid)
    assert figures_in_words(document) == []
    tables = [table for section in document.sections for table in section.tables()]
    comparison = next(table for table in tables if table.title.en == "Comparison")
    assert [row.cells[2].value for row in comparison.rows] == [
        world.expected_loss_cny for variant in grid.answered for world in variant.worlds
    ]
    assert [cell.value for cell in tables[0].rows[1].cells[1:]] == [
        variant.worlds[1].expected_loss_cny for variant in grid.answered
    ]
    assert any(isinstance(block, Figure) for section in document.sections for block in section.blocks)
    first, second = (write_book_grid(grid, tmp_path / name, "asked") for name in ("a", "b"))
    assert [path.name for path in first] == ["book-grid-asked.html", "book-grid-asked.xlsx"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert "no loan of these products" in first[0].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"worlds": ("flood",)}, "worlds: found 'flood', expected one of dry-run"),
        ({"scenarios": "no-such.toml"}, r"no-such\.toml"),
        (
            {"settings": (BookSetting("tea", products=("tea_garden",)),)},
            "every setting was refused; the first: no loan",
        ),
    ],
)
def test_what_is_wrong_is_named(running: ScenarioServices, change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        asked(running, structs.replace(GRID, **change))


def test_a_wrong_file_names_every_place(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(
        'n_quarters = 60\nfund_cap_cny = -1.0\n[[settings]]\nname = ""\nn_quarters = 0\n', encoding="utf-8"
    )
    with pytest.raises(InvalidInput) as caught:
        read_book_grid(file)
    assert [violation.field for violation in caught.value.violations] == [
        f"{file}: settings[0]", f"{file}: n_quarters", f"{file}: fund_cap_cny",
        f"{file}: settings[0].n_quarters",
    ]  # fmt: skip


def test_the_example_is_a_grid() -> None:
    grid = read_book_grid(EXAMPLES / "book.toml")
    assert grid.scenarios is not None
    assert {world.name for world in read_scenarios(EXAMPLES / grid.scenarios)} & set(grid.worlds)
