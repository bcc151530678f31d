"""The grids of scenarios as deployed flows: what their forms offer, and a run of each on a real Prefect server."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from flows.deployments.parameters import (
    BookGridParameters,
    BookWorld,
    FundGridParameters,
    FundWorld,
    SeenBy,
    TermSheet,
)
from services.fund.fund_terms.sheets import read_term_sheets
from services.fund.fund_terms.terms import GRASSROOTS_ID, PartnerClass
from services.fund.simulation.scenario import read_fund_scenarios
from services.runtime.bundled import bundled
from services.runtime.scenarios.file import read_standard_scenarios
from tests.flows.scenario_services import INSTITUTION, ScenarioServices, scenario_services


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScenarioServices]:
    with scenario_services(tmp_path_factory.mktemp("on_demand")) as services:
        yield services


def test_the_forms_offer_what_is_bundled() -> None:
    assert list(get_args(TermSheet)) == list(read_term_sheets(bundled("fund/term_sheets.toml")))
    worlds = read_fund_scenarios(bundled("fund/scenarios.toml"))
    assert list(get_args(FundWorld)) == [world.market.name for world in worlds]
    assert list(get_args(BookWorld)) == list(read_standard_scenarios())
    assert set(get_args(SeenBy)) == {"", GRASSROOTS_ID, *PartnerClass}


def test_the_forms_refuse_what_they_do_not_offer() -> None:
    with pytest.raises(ValidationError, match="term_sheets"):
        FundGridParameters.model_validate({"term_sheets": ["qilien"]})
    with pytest.raises(ValidationError, match="worlds"):
        BookGridParameters.model_validate({"worlds": ["flood"]})


@pytest.mark.usefixtures("prefect_url")
def test_a_form_of_the_fund_becomes_a_report(running: ScenarioServices, tmp_path: Path) -> None:
    from flows.deployments.on_demand import fund_scenarios

    form = {
        "target": running.address,
        "institution_id": INSTITUTION,
        "term_sheets": ["qilian", "european"],
        "worlds": ["delay"],
        "commitment_multiples": [1.0, 0.8],
        "n_paths": 256,
        "out_dir": str(tmp_path),
    }
    files = fund_scenarios(FundGridParameters.model_validate(form))
    assert [Path(path).name for path in files] == ["fund-grid-form.html", "fund-grid-form.xlsx"]
    page = Path(files[0]).read_text(encoding="utf-8")
    assert "4 个方案 × 2 个情景" in page
    assert "认缴 × 0.8" in page


@pytest.mark.usefixtures("prefect_url")
def test_a_form_of_the_book_becomes_a_report(running: ScenarioServices, tmp_path: Path) -> None:
    from flows.deployments.on_demand import book_scenarios

    form = {
        "target": running.address,
        "institution_id": INSTITUTION,
        "worlds": ["ccer-crash"],
        "products": ["water_right", "no_such_product"],
        "n_quarters": 2,
        "n_paths": 256,
        "out_dir": str(tmp_path),
    }
    page = Path(book_scenarios(BookGridParameters.model_validate(form))[0]).read_text(encoding="utf-8")
    assert "2 个部分 × 2 个情景" in page
    assert "no loan of these products" in page


def test_a_file_takes_the_place_of_the_choices() -> None:
    from flows.deployments.on_demand import book_question, fund_question

    grid, folder = fund_question(FundGridParameters.model_validate({"file": "examples/grids/fund.toml"}))
    assert "american" in grid.term_sheets
    assert folder == Path("examples/grids")
    asked, _ = book_question(BookGridParameters.model_validate({"file": "examples/grids/book.toml"}))
    assert "dry-decade" in asked.worlds


def test_the_form_of_the_book_names_curves_and_funds() -> None:
    from flows.deployments.on_demand import book_question

    grid, _ = book_question(
        BookGridParameters.model_validate(
            {"funds": "examples/loans/compensation-funds.toml", "without_book_terms": True}
        )
    )
    assert (grid.default_curves, grid.funds) == (None, "examples/loans/compensation-funds.toml")
    assert grid.without_book_terms
