"""The file of assumptions: complete, reasoned, and refused where it is wrong."""

from pathlib import Path

import pytest

from flows.published_cases.assumptions import read_assumptions
from flows.published_cases.case_file import PUBLISHED_CASE_IDS
from services.runtime.errors import InvalidInput

ASSUMPTIONS_TOML = Path(__file__).resolve().parents[3] / "data" / "published_cases" / "assumptions.toml"


def test_every_case_has_its_section_in_both_languages() -> None:
    assumptions = read_assumptions(ASSUMPTIONS_TOML)
    assert tuple(sorted(assumptions.cases)) == PUBLISHED_CASE_IDS
    for treatment in assumptions.cases.values():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in treatment.note_zh)
        assert treatment.note_en.isascii()


def test_every_assumption_gives_its_reason_in_both_languages() -> None:
    assumptions = read_assumptions(ASSUMPTIONS_TOML)
    scopes = [*assumptions.defaults.values(), *(case.inputs for case in assumptions.cases.values())]
    entries = [assumption for scope in scopes for assumption in scope.values()]
    assert entries
    for assumption in entries:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in assumption.reason_zh)
        assert assumption.reason_en.isascii()


def test_the_ticket_income_follows_from_the_figures_it_names() -> None:
    """0.40 t CO2/mu/yr, Chinese fir SVD .307, BEF 1.634, RSR .246, CF .520, 44/12, 400 CNY/m3 (assumption)."""
    tonnes_per_m3 = 0.307 * 1.634 * (1 + 0.246) * 0.520 * 44 / 12
    growth_m3_per_mu = 0.40 / tonnes_per_m3
    income = (
        read_assumptions(ASSUMPTIONS_TOML).defaults["forest_ticket"]["ticket_income_cny_per_mu_year"].value
    )
    assert growth_m3_per_mu == pytest.approx(0.336, abs=0.0005)
    assert income == pytest.approx(growth_m3_per_mu * 400, abs=0.5)


PERMIT = "[defaults.water_right.permit_term_years]\nvalue = 5.0\nunit = "


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (PERMIT + '"yr"', PERMIT + '"months"', ["permit_term_years", "unit: found 'months'", "expected 'yr'"]),
        (PERMIT, PERMIT.replace("5.0", "-5.0"), ["permit_term_years", "found -5.0"]),
        (PERMIT, PERMIT.replace("5.0", "nan"), ["permit_term_years", "found nan"]),
        (PERMIT, PERMIT.replace("5.0", '"five"'), ["permit_term_years", "found 'five'", "expected a number"]),
        ("water_right.permit_term_years", "water_right.permit_years", ["found permit_years", "expected one of"]),
        ("[defaults.vep.cash_share]", "[defaults.vip.cash_share]", ["found vip", "expected one of all, gep"]),
        ('value = "period_sum"', 'value = "stock"', ["published_value_reading", "found 'stock'", "period_sum"]),
        ('missing = ["pledged_right", ', 'missing = ["pledge", ', ["cases.C08", "found pledge"]),
        ('[cases.C08]\ntreatment = "not_valued"', '[cases.C08]\ntreatment = "value"', ["cases.C08", "exactly where"]),
        ('[cases.C02]\ntreatment = "value"', '[cases.C02]\ntreatment = "maybe"', ["cases.C02", "found 'maybe'"]),
        ('reason_zh = "未公布宽限期，按无宽限期"', 'reason_zh = " "', ["loan_grace_years", "is empty"]),
        ('reason_zh = "未公布宽限期，按无宽限期"\n', "", ["loan_grace_years", "reason_zh"]),
        ("\nillustrative = true", "\nilustrative = true", ["water_right.volume_m3_per_year", "ilustrative"]),
        ("[defaults.all.loan_rate_annual]", "[defaults.all.loan_rate_annual", ["assumptions.toml"]),
    ],
)  # fmt: skip
def test_a_wrong_edit_is_refused_where_it_is(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    text = ASSUMPTIONS_TOML.read_text(encoding="utf-8")
    assert old in text
    edited = tmp_path / "assumptions.toml"
    edited.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_assumptions(edited)
    for part in expected:
        assert part in str(refused.value.violations)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_assumptions(tmp_path / "absent.toml")
