"""Flags on the real project lists and on made-up wrong entries."""

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from services.fund.pipeline.county import counties_of
from services.fund.pipeline.flags import capacity_wan_kw, find_flags
from services.fund.pipeline.project import Project
from services.runtime.results import Severity

DATA = Path(__file__).parents[3] / "data"
PLANT = Project(
    "A",
    "p",
    "甲风电场",
    "清洁能源",
    "甘州区",
    2026,
    2027,
    Decimal(350_000_000),
    content="建设5万千瓦风力发电项目",
)


def test_the_twin_plants_of_the_reserve_list_are_flagged_with_both_figures() -> None:
    flags = find_flags(read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026))
    found = {flag.caution.code: flag for flag in flags}
    twins = found["PROJECT_TWINS_DIFFER"]
    for message in (twins.caution.message_zh, twins.caution.message_en):
        for part in ("R12", "R13", "510,000.00", "43,000.00", "11.9"):  # 510000 / 43000 = 11.86
            assert part in message
    # 43000 wan for 100 x 10,000 kW is 430 CNY/kW; R12 has 5100, R14 3500 (17.5e8 / 50), R18 6800 (13.6e8 / 20).
    peers = found["PROJECT_UNIT_INVESTMENT_FAR_FROM_PEERS"]
    assert peers.project_id == "R13"
    assert "430" in peers.caution.message_en
    assert "5,100" in peers.caution.message_en
    assert {flag.project_id for flag in flags} == {"R13"}
    assert all(flag.caution.severity is Severity.IMPLAUSIBLE for flag in flags)


def test_wind_farms_of_the_list_of_2020_agree_with_each_other() -> None:
    flags = find_flags(read_projects(DATA / "zhangye_eco_industry_projects_2020.csv", ECO_INDUSTRY_2020))
    # E58 is a whole coal and power area (162e8 for 2 x 35 x 10,000 kW = 23143 CNY/kW), not only a plant.
    assert [(flag.project_id, flag.caution.code) for flag in flags] == [
        ("E58", "PROJECT_UNIT_INVESTMENT_FAR_FROM_PEERS")
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("建设40万千瓦光伏及60万千瓦风电基地", 100.0),
        ("建设20万千瓦【风、光各10万千瓦】离网制氢新能源项目", 20.0),
        ("建设装机1.51万千瓦和0.6万千瓦的引水式电站两座", 2.11),
        ("主要建设装机2×35万千瓦低热值煤发电厂1座", 70.0),
        ("建设5000吨保鲜冷库", None),
    ],
)
def test_capacity_is_read_from_the_description(content: str, expected: float | None) -> None:
    got = capacity_wan_kw(content)
    assert got == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"end_year": 2025}, "PROJECT_ENDS_BEFORE_START"),
        ({"total_investment_cny": Decimal(0)}, "PROJECT_INVESTMENT_NOT_POSITIVE"),
        ({"total_investment_cny": Decimal(-1)}, "PROJECT_INVESTMENT_NOT_POSITIVE"),
    ],
)
def test_entries_that_cannot_be_right_are_flagged(change: dict[str, Any], code: str) -> None:
    assert [flag.caution.code for flag in find_flags([replace(PLANT, **change)])] == [code]


def test_ordinary_differences_are_not_flagged() -> None:
    plants = [
        replace(PLANT, project_id=name, name=name, total_investment_cny=Decimal(amount))
        for name, amount in (("A", 350_000_000), ("B", 330_000_000), ("C", 400_000_000))
    ]
    assert find_flags(plants) == ()
    twin = replace(PLANT, project_id="D", total_investment_cny=Decimal(360_000_000))
    assert find_flags([PLANT, twin]) == ()


def test_without_peers_nothing_is_said_about_capacity() -> None:
    dear = replace(PLANT, project_id="B", name="乙", total_investment_cny=Decimal(10**12))
    assert find_flags([PLANT, dear]) == ()


def test_the_median_is_that_of_the_others() -> None:
    # 2000, 3000, 4000 and 13000 CNY/kW: without itself the last has a median of 3000 (ratio 4.3); with itself it would
    # be 3500 (ratio 3.7); 2000 has a median of 4000 (ratio 0.5).
    plants = [
        replace(PLANT, project_id=str(i), name=str(i), total_investment_cny=Decimal(per_kw * 50_000))
        for i, per_kw in enumerate((13_000, 3_000, 2_000, 4_000))
    ]
    (flag,) = find_flags(plants)
    assert flag.project_id == "0"
    assert "13,000" in flag.caution.message_en
    assert "3,000 (1: 3,000)" in flag.caution.message_en


def test_ten_thousand_equal_entries_are_looked_at_in_no_time() -> None:
    many = [
        replace(PLANT, project_id=f"P{i}", total_investment_cny=Decimal(10**8 + i)) for i in range(10_000)
    ]
    many.append(replace(PLANT, project_id="low", total_investment_cny=Decimal(10**7)))
    began = time.perf_counter()
    codes = [(flag.project_id, flag.caution.code) for flag in find_flags(many)]
    assert time.perf_counter() - began < 5.0
    assert codes == [("low", "PROJECT_TWINS_DIFFER"), ("low", "PROJECT_UNIT_INVESTMENT_FAR_FROM_PEERS")]


def test_a_county_that_nobody_knows_and_an_entry_that_stands_twice_are_flagged() -> None:
    again = replace(PLANT, project_id="B")
    other_years = replace(PLANT, project_id="C", end_year=2028)
    nowhere = replace(PLANT, project_id="D", name="丁", county="火星")
    flags = find_flags([PLANT, again, other_years, nowhere])
    assert [(flag.project_id, flag.caution.code) for flag in flags] == [
        ("B", "PROJECT_ENTERED_TWICE"),
        ("D", "PROJECT_COUNTY_UNKNOWN"),
    ]
    assert "A" in flags[0].caution.message_en


@pytest.mark.parametrize(
    ("text", "counties"),
    [
        ("甘州区、临泽县、高台县、民乐县林草局", ("甘州区", "临泽县", "高台县", "民乐县")),
        ("肃南裕固族自治县", ("肃南县",)),
        ("张掖经开区", ("市本级",)),
        ("张掖市生态环境局", ("市本级",)),
        ("", ()),
    ],
)
def test_counties_are_read_from_what_lists_write(text: str, counties: tuple[str, ...]) -> None:
    assert counties_of(text) == counties
