"""Bundled term sheets and sector assumptions, and broken ones."""

from decimal import Decimal
from pathlib import Path

import pytest

from quant.waterfall.steps import CarrySplit, CatchUp
from services.fund.fund_terms.sheets import read_term_sheets
from services.fund.fund_terms.terms import PreferredReturn, ReturnOfCapital
from services.runtime.errors import InvalidInput

DATA = Path(__file__).parents[3] / "data"
SHEETS = DATA / "fund" / "term_sheets.toml"


def test_the_bundled_sheets_can_be_run_and_say_what_is_assumed() -> None:
    sheets = read_term_sheets(SHEETS)
    assert list(sheets) == ["qilian", "european", "benefit_sharing", "american", "qilian_first_phase"]
    for sheet in sheets.values():
        sheet.terms.waterfall()
        assert sheet.published
        assert all("assumption" in text for text in sheet.terms.assumptions)
    # Planned size 10e8 (zuiniuwang.cn 5915).
    assert sum(p.commitment_cny for p in sheets["qilian"].terms.partners) == Decimal(10**9)
    # First phase 1.7e8 (same source).
    assert sum(p.commitment_cny for p in sheets["qilian_first_phase"].terms.partners) == Decimal(170_000_000)
    assert sheets["qilian_first_phase"].terms.steps == sheets["qilian"].terms.steps
    assert sheets["european"].terms.steps == (
        ReturnOfCapital(), PreferredReturn(0.08), CatchUp(1.0, 0.2), CarrySplit(0.2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("carry_split = { carry_share = 0.2 }", "return_of_capital = {}", "steps[3]"),
        ("manager_share = 1.0", "manager_share = 0.2", "steps[2].catch_up.manager_share"),
        ('sheet_id = "european"', 'sheet_id = "qilian"', "term_sheets[1].sheet_id"),
        ("{ return_of_capital = {} }", "{}", "steps[0]"),
        ('partner_class = "manager"', 'partner_class = "boss"', "term_sheets[0].partners[3].partner_class"),
        ("life_years = 15", 'life_years = "15"', "term_sheets[0].life_years"),
        ("life_years = 15", "life_years = 51", "term_sheets[0].life_years"),
        ("fee_rate_annual", "fee", "fee"),
        ("[[term_sheets]]", "[[term_sheets", "term_sheets.toml"),
        ("from_multiple = 2.5", "from_multiple = 1.5", "steps[3].cede_excess.tiers[1].from_multiple"),
    ],
)
def test_a_broken_sheet_is_refused_with_the_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    text = SHEETS.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "term_sheets.toml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_term_sheets(broken)
    assert any(place in str(violation) for violation in caught.value.violations)
    assert all("term_sheets.toml" in str(violation) for violation in caught.value.violations)


def test_a_file_made_for_something_else_is_told_what_is_read_here(tmp_path: Path) -> None:
    path = tmp_path / "asset.toml"
    path.write_text("[[assets]]\nasset_id = 'W1'\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"unknown field `assets`, expected .*term_sheets"):
        read_term_sheets(path)
