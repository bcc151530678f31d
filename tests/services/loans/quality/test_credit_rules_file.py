"""The rules file: the bundled one is read, every figure says what it rests on, mistakes are named with their place."""

import datetime as dt
from pathlib import Path

import pytest

from services.loans.quality.rules_file import PARAMETERS, STANDARD_RULES, read_rules, read_standard_rules
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput


def test_the_figures_of_the_official_rules() -> None:
    """Figures as collected in the notes on the two orders; the capital ones are still to be confirmed."""
    rules, day = read_standard_rules(), dt.date(2026, 6, 30)
    classes, capital = rules.classification_on(day), rules.capital_on(day)
    assert [classes.value(f"{name}_above_days") for name in ("substandard", "doubtful", "loss")] == [
        90,
        270,
        360,
    ]
    assert (classes.value("contagion_share_in_bank"), classes.value("contagion_share_across_banks")) == (
        0.1,
        0.2,
    )
    weights = ("corporate", "investment_grade", "medium", "small_micro")
    assert [capital.value(f"weight_{name}") for name in weights] == [1.0, 0.75, 0.85, 0.75]
    lgds = ("lgd_unsecured", "lgd_receivables", "lgd_other_physical", "collateral_haircut")
    assert [capital.value(name) for name in lgds] == [0.40, 0.20, 0.25, 0.40]
    assert (capital.value("pd_floor"), capital.value("output_floor")) == (0.0005, 0.725)
    assert (
        rules.credit_loss_on(day).value("stage_2_above_days"),
        rules.credit_loss_on(day).value("stage_3_above_days"),
    ) == (30, 90)


def test_what_is_not_confirmed_is_noted_and_what_is_confirmed_is_not() -> None:
    rules, day = read_standard_rules(), dt.date(2026, 6, 30)
    noted = {note.parameter for note in rules.classification_on(day).used().notes}
    assert "classification.impaired_is_substandard" in noted
    assert "classification.substandard_above_days" not in noted
    losses = {note.parameter: note for note in rules.credit_loss_on(day).used().notes}
    assert losses["credit_loss.scenarios.base"].is_assumption
    assert losses["credit_loss.scenarios.base"].value == 0.6
    assert not losses["credit_loss.stage_2_above_days"].is_assumption
    assert len(rules.capital_on(day).used().notes) == len(PARAMETERS["capital"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "value = 0.725",
            "value = 72.5",
            r"capital\[0\]\.output_floor: found 72\.5, expected a number from 0 to 1",
        ),
        (
            "[credit_loss.months_of_stage_1]\nvalue = 12",
            "[credit_loss.months_of_stage_1]\nvalue = 24",
            r"credit_loss\[0\]\.months_of_stage_1: found 24\.0, expected a number from 12 to 12",
        ),
        ("[capital.pd_floor]", "[capital.pd_flor]", r"capital\[0\]\.pd_flor: is not a parameter"),
        (
            "weight = 0.6",
            "weight = 0.7",
            r"credit_loss\[0\]\.scenarios: found weights that add up to 1\.0999",
        ),
        ('name = "base"', 'name = "basis"', r"expected 'base' and each name once"),
        ("in_force_from = 2024-01-01", 'in_force_from = "soon"', r"capital\[0\]: "),
        (
            'basis = "rule"\nstatus = "to be confirmed"\ncitation = "floor',
            'basis = "law"\nstatus = "to be confirmed"\ncitation = "floor',
            "'law'",
        ),
        ("[[capital]]", "[[kapital]]", r"kapital: is not known"),
        ("value = 0.725", "value =", "is not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = bundled(STANDARD_RULES).read_text("utf-8")
    assert old in text
    path = tmp_path / "rules.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        read_rules(path)


def test_the_period_in_force_is_taken(tmp_path: Path) -> None:
    text = bundled(STANDARD_RULES).read_text("utf-8")
    begin, end = text.index("[[classification]]"), text.index("[[credit_loss]]")
    later = text[begin:end].replace("2023-07-01", "2027-01-01").replace("value = 90\n", "value = 60\n", 1)
    path = tmp_path / "rules.toml"
    path.write_text(text[:end] + later + text[end:], "utf-8")
    rules = read_rules(path)
    assert rules.classification_on(dt.date(2026, 12, 31)).value("substandard_above_days") == 90
    assert rules.classification_on(dt.date(2027, 1, 1)).value("substandard_above_days") == 60
    path.write_text(text[:begin] + later + text[begin:end] + text[end:], "utf-8")
    with pytest.raises(InvalidInput, match="expected them in order"):
        read_rules(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_rules(tmp_path / "none.toml")
