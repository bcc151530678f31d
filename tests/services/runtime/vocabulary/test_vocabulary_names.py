"""Paths and codes as Chinese sentences name them."""

import pytest

from services.runtime.vocabulary.assumption_lines import assumption_line
from services.runtime.vocabulary.names import caution_en, caution_zh, field_zh, fields_zh, is_field


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("water_right", "用水权"),
        ("water_right.remaining_term_years", "许可剩余年限"),
        ("gep_revenue.services[1].realisable_share", "生态服务第2项·可收现比例"),
        ("carbon_and_tenure.issuance.area_ha", "碳汇签发·面积 ha"),
        ("pd_annual", "借款人年违约概率"),
        ("not_in_the_vocabulary", "not_in_the_vocabulary"),
    ],
)
def test_a_path_is_named_without_the_table_of_its_kind(path: str, expected: str) -> None:
    assert field_zh(path) == expected


def test_fields_are_listed_each_once() -> None:
    paths = ("water_right.renewals", "pd_annual", "water_right.renewals")
    assert fields_zh(paths) == "最多计延续次数、借款人年违约概率"


def test_a_sentence_is_no_field() -> None:
    assert is_field("water_right.renewals")
    assert is_field("gep_revenue.services[0]")
    assert not is_field("用水权：最低偿债覆盖倍数 = 1.2 · water_right: min_dscr = 1.2 (usual)")
    assert not is_field("terms are assumed")


def test_codes_are_words_in_both_languages() -> None:
    assert (caution_zh("UNSTATED_BASIS"), caution_en("UNSTATED_BASIS")) == (
        "价值口径未说明",
        "unstated basis",
    )
    assert caution_en("PRICING_NO_LPR") == "pricing no LPR"
    assert caution_zh("CODE_OF_A_NEWER_SERVICE") == "CODE_OF_A_NEWER_SERVICE"


def test_an_assumption_is_told_in_both_languages() -> None:
    line = assumption_line("用水权", "water_right", [("min_dscr", "1.2")], "usual cover")
    assert line == "用水权：最低偿债覆盖倍数 = 1.2 · water_right: min_dscr = 1.2 (usual cover)"
