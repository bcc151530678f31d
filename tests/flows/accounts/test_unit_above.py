"""What lines above the headings state: units of figures and names of offices."""

import pytest

from flows.accounts.unit_above import StatedUnit, units_above


@pytest.mark.parametrize(
    ("cells", "units"),
    [
        (["单位：万元"], ["万元"]),
        (["（单位：亿元）"], ["亿元"]),
        (["金额单位：人民币万元"], ["万元"]),
        (["币种：人民币 单位：元"], ["元"]),
        (["贷款余额表（单位：万元）", "", "2026年"], ["万元"]),
        (["计量单位: CNY"], ["CNY"]),
        (["单位：", "", "万元"], ["万元"]),
        (["单 位：万 元"], ["万元"]),
        (["单位：人民币元"], ["人民币元"]),
        (["填报单位：张掖分行", "单位：千元"], ["千元"]),
        (["编制单位", "单位"], []),
        (["单位：张掖分行"], ["张掖分行"]),
    ],
)
def test_a_unit_is_found_as_people_write_it(cells: list[str], units: list[str]) -> None:
    assert [unit.text for unit in units_above([["title"], cells]) if unit.is_of_figures] == units


def test_an_office_is_told_apart_from_a_unit() -> None:
    assert units_above([["填报单位：张掖分行"]]) == (StatedUnit("张掖分行", False),)


def test_a_long_text_is_searched_in_no_time() -> None:
    assert units_above([["字" * 100_000 + "单位"]]) == ()
