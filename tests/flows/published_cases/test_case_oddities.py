"""Every figure of the oddities against arithmetic on the published numbers, written out here."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from flows.published_cases.case import PublishedCase
from flows.published_cases.cited_figures import Yardsticks, read_yardsticks
from flows.published_cases.oddities import find_oddities
from flows.published_cases.oddity import Oddity
from flows.reports.labels import catalogue
from services.runtime.errors import InvalidInput
from services.runtime.results import Severity


@pytest.fixture(scope="module")
def oddities(cases: dict[str, PublishedCase], yardsticks: Yardsticks) -> dict[tuple[str, str], Oddity]:
    found = find_oddities(cases.values(), yardsticks)
    named = {(oddity.case_ids[0], oddity.caution.code): oddity for oddity in found}
    assert len(named) == len(found)
    return named


# First case, code, figure, the arithmetic, tolerance. Cited ranges stand in the comments.
EXPECTED = [
    ("C26", "PRICE_FAR_ABOVE_MARKET", "multiple_of_first_ccer", 157 / 59.04, 1e-9),
    ("C26", "PRICE_FAR_ABOVE_MARKET", "multiple_of_last_ccer", 157 / 96.34, 1e-9),
    ("C23", "IMPLAUSIBLE_YIELD", "yield_phase_1", 92.8, 0),
    ("C23", "IMPLAUSIBLE_YIELD", "yield_whole", 13.8, 0),
    ("C23", "IMPLAUSIBLE_YIELD", "area_phase_1", 350_000 / 92.8, 1e-6),
    ("C23", "IMPLAUSIBLE_YIELD", "area_whole", 350_000 / 13.8, 1e-6),
    ("C23", "IMPLAUSIBLE_YIELD", "yield_sanming", 6.0, 1e-12),
    ("C23", "IMPLAUSIBLE_YIELD", "multiple_of_sanming", 92.8 / 6, 1e-9),
    ("C23", "IMPLAUSIBLE_YIELD", "yield_wuning", 6317 * 15 / 20800, 1e-9),
    ("C23", "REVENUE_CANNOT_CARRY_LOAN", "years_of_revenue", 59.8, 1e-12),
    ("C23", "REVENUE_CANNOT_CARRY_LOAN", "revenue_to_loan", 1500 / 89700, 1e-12),
    ("C23", "REVENUE_CANNOT_CARRY_LOAN", "revenue", 1501.5, 1e-9),
    ("C08", "WHOLE_TOWN_GEP", "value_to_loan", 1_467_900 / 1520, 1e-9),
    ("C01", "ANNUAL_FLOW_AS_STOCK", "line_to_annual_gep", 95_000 / 377_400, 1e-12),
    ("C26", "UNDISCOUNTED_SUM", "sum", 1983.538, 1e-9),
    ("C26", "UNDISCOUNTED_SUM", "sum_to_published", 1983.538 / 2000, 1e-12),
    # Second method: the twenty payments discounted one by one.
    ("C26", "UNDISCOUNTED_SUM", "present_value", sum(99.1769 / 1.08**year for year in range(1, 21)), 1e-6),
    (
        "C26",
        "UNDISCOUNTED_SUM",
        "present_value_to_sum",
        sum(1 / 1.08**year for year in range(1, 21)) / 20,
        1e-9,
    ),
    ("C03", "UNDISCOUNTED_SUM", "loan_to_sum", 16_400 / 350_000, 1e-12),
    ("C03", "UNDISCOUNTED_SUM", "line_to_sum", 80_000 / 350_000, 1e-12),
    ("C12", "UNDISCOUNTED_SUM", "total_times_price", 37.1976, 1e-9),
    ("C12", "UNDISCOUNTED_SUM", "loan_to_value", 1.0, 0),
    ("C13", "ANNUAL_FLOW_AS_STOCK", "volume_times_price", 2040, 0),
    ("C13", "ANNUAL_FLOW_AS_STOCK", "stated_loan", 1020, 0),
    ("C13", "ANNUAL_FLOW_AS_STOCK", "loan_to_value", 1000 / 2040, 1e-12),
    ("C27", "OPTION_VALUE_LENT_ON", "price_per_tonne", 71_870_000 / 719_680, 1e-9),
    ("C27", "OPTION_VALUE_LENT_ON", "multiple_of_market", 71_870_000 / 719_680 / 96.34, 1e-9),
    ("C27", "OPTION_VALUE_LENT_ON", "model_range", 7187 / 592, 1e-9),
    ("C02", "LOWER_BOUND_AS_VALUE", "C02", 0.25, 0),
    ("C02", "LOWER_BOUND_AS_VALUE", "C03", 16_400 / 350_000, 1e-12),
    ("C02", "LOWER_BOUND_AS_VALUE", "C04", 0.24, 0),
    ("C25", "LOAN_PER_UNIT", "loan_per_mu", 1_490_000 / 124, 1e-9),
    # The collected facts say "0.07 to 83 CNY" for the loan on each annual m3.
    ("C13", "LOAN_PER_UNIT_SPREAD", "lowest", 10_000_000 / 136_000_000, 1e-9),
    ("C13", "LOAN_PER_UNIT_SPREAD", "highest", 5_000_000 / 60_000, 1e-9),
    ("C13", "LOAN_PER_UNIT_SPREAD", "C15", 1_000_000 / 21_000, 1e-9),
    ("C13", "LOAN_PER_UNIT_SPREAD", "C18", 2_500_000 / 176_000, 1e-9),
    # The collected facts: "near 23-25 % or at 1.6-8 %", carbon 15-17 %.
    ("C01", "LOAN_TO_VALUE_SPREAD", "lowest", 1000 / 62_600, 1e-12),
    ("C01", "LOAN_TO_VALUE_SPREAD", "highest", 1.0, 0),
    ("C01", "LOAN_TO_VALUE_SPREAD", "median", 1200 / 7187, 1e-12),
    ("C01", "LOAN_TO_VALUE_SPREAD", "C05", 500 / 6000, 1e-12),
    ("C01", "LOAN_TO_VALUE_SPREAD", "C06", 100 / 1809, 1e-12),
    ("C01", "LOAN_TO_VALUE_SPREAD", "C26", 0.15, 0),
]


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: "-".join(row[:3]))
def test_figures(oddities: dict[tuple[str, str], Oddity], row: tuple[str, str, str, float, float]) -> None:
    case_id, code, figure, expected, tolerance = row
    got = float(oddities[case_id, code].figure(figure))
    assert got == pytest.approx(expected, abs=max(tolerance, 1e-12))


def test_every_figure_is_a_case_or_has_words_in_the_report(
    oddities: dict[tuple[str, str], Oddity], cases: dict[str, PublishedCase]
) -> None:
    names = {figure.name for found in oddities.values() for figure in found.figures}
    assert {
        name for name in names if name not in cases and f"oddity_figure.{name}" not in catalogue()
    } == set()


def test_every_oddity_speaks_both_languages_and_names_its_cases(
    oddities: dict[tuple[str, str], Oddity], cases: dict[str, PublishedCase]
) -> None:
    assert len(oddities) == 14
    for oddity in oddities.values():
        assert set(oddity.case_ids) <= set(cases)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in oddity.caution.message_zh)
        assert oddity.caution.message_en.isascii()
        assert oddity.figures


def test_what_the_readers_were_promised(oddities: dict[tuple[str, str], Oddity]) -> None:
    assert "2.66" in oddities["C26", "PRICE_FAR_ABOVE_MARKET"].caution.message_zh
    assert "1.63" in oddities["C26", "PRICE_FAR_ABOVE_MARKET"].caution.message_en
    assert oddities["C23", "IMPLAUSIBLE_YIELD"].caution.severity is Severity.IMPLAUSIBLE
    assert "15.5" in oddities["C23", "IMPLAUSIBLE_YIELD"].caution.message_zh
    assert "0.07" in oddities["C13", "LOAN_PER_UNIT_SPREAD"].caution.message_zh
    assert "83" in oddities["C13", "LOAN_PER_UNIT_SPREAD"].caution.message_zh
    spread = oddities["C01", "LOAN_TO_VALUE_SPREAD"].caution.message_zh
    assert "1.6%" in spread
    assert "100%" in spread


def test_loans_with_other_or_no_pledge_stay_out_of_the_spreads(
    oddities: dict[tuple[str, str], Oddity],
) -> None:
    assert "C16" not in oddities["C13", "LOAN_PER_UNIT_SPREAD"].case_ids
    assert "C08" not in oddities["C01", "LOAN_TO_VALUE_SPREAD"].case_ids


def test_the_figures_follow_the_cases(cases: dict[str, PublishedCase], yardsticks: Yardsticks) -> None:
    changed = {**cases, "C26": replace(cases["C26"], price_used_cny=Decimal("192.68"))}
    [oddity] = [
        oddity
        for oddity in find_oddities(changed.values(), yardsticks)
        if oddity.caution.code == "PRICE_FAR_ABOVE_MARKET"
    ]
    assert oddity.figure("multiple_of_last_ccer") == 2


def test_a_number_that_is_not_there_is_named(cases: dict[str, PublishedCase], yardsticks: Yardsticks) -> None:
    changed = {**cases, "C08": replace(cases["C08"], loan_wan=None)}
    with pytest.raises(InvalidInput, match=r"C08\.loan_wan"):
        find_oddities(changed.values(), yardsticks)


def test_broken_yardsticks_are_refused(tmp_path: Path) -> None:
    prices, figures = tmp_path / "prices.csv", tmp_path / "figures.csv"
    prices.write_text("market,date,price_cny_per_t,note\nCCER,2026,96\n")
    figures.write_text("figure,value,unit,source\na,1,1,b\n")
    assert read_yardsticks(prices, figures).value("a") == 1
    with pytest.raises(InvalidInput, match="no row ganzhou"):
        read_yardsticks(prices, figures).value("ganzhou")
    with pytest.raises(InvalidInput, match="no such file"):
        read_yardsticks(prices, tmp_path / "absent.csv")
    figures.write_text("figure,amount,unit,source\na,1,1,b\n")
    with pytest.raises(InvalidInput, match=r"figures\.csv, row 1.*expected value"):
        read_yardsticks(prices, figures)
    figures.write_text("figure,value,unit,source\na,NaN,1,b\n")
    with pytest.raises(InvalidInput, match=r"row 2, column value: found 'NaN'"):
        read_yardsticks(prices, figures)
    prices.write_text("market,date,price_cny_per_t,note\nCEA,2026,96\n")
    with pytest.raises(InvalidInput, match="no row CCER"):
        read_yardsticks(prices, figures)
