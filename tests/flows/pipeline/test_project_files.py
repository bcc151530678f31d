"""The two bundled lists, and broken copies of them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects
from services.runtime.errors import InvalidInput

DATA = Path(__file__).parents[3] / "data"
RESERVE = DATA / "zhangye_reserve_projects_2026.csv"


def test_the_reserve_list_adds_up_to_the_published_total() -> None:
    # 20 projects, 1,169,155.01 wan (docs of the list).
    projects = read_projects(RESERVE, RESERVE_2026)
    assert len(projects) == 20
    assert sum(p.total_investment_cny for p in projects) == Decimal("1169155.01") * 10_000
    first = projects[0]
    assert (first.project_id, first.pipeline, first.start_year, first.end_year) == (
        "R01", "reserve_2026", 2026, 2026,
    )  # fmt: skip
    assert first.total_investment_cny == Decimal(72_110_000)
    assert (first.owner, first.county, first.sector) == ("张掖市林业和草原局", "肃南县", "生态环境改善类项目")


def test_the_list_of_2020_adds_up_to_the_published_total() -> None:
    # 81 projects, 1225.44e8 CNY.
    projects = read_projects(DATA / "zhangye_eco_industry_projects_2020.csv", ECO_INDUSTRY_2020)
    assert len(projects) == 81
    assert sum(p.total_investment_cny for p in projects) == Decimal("1225.44") * 10**8
    assert (projects[0].owner, projects[0].progress) == ("", "")


@pytest.mark.parametrize(
    ("breaking", "parts"),
    [
        (
            lambda text: text.replace(",7211,", ",七千,"),
            ("line 2", "total_investment_wan", "'七千'", "a number"),
        ),
        (lambda text: text.replace(",7211,", ",,"), ("line 2", "total_investment_wan", "''")),
        (lambda text: text.replace(",7211,", ",NaN,"), ("line 2", "total_investment_wan", "'NaN'")),
        (
            lambda text: text.replace("2026,2026,7211", "2026年,2026,7211"),
            ("line 2", "start_year", "'2026年'"),
        ),
        (lambda text: text.replace("\nR02,", "\nR01,"), ("line 3", "project_id", "'R01' as in line 2")),
        (
            lambda text: text.replace("total_investment_wan", "total"),
            ("line 1", "total_investment_wan missing"),
        ),
        (lambda text: text.splitlines()[0] + "\n", ("found no rows",)),
        (lambda text: text + "R99,只有两格\n", ("line 22", "fewer cells")),
        (lambda text: "", ("line 1", "project_id")),
    ],
)
def test_a_broken_copy_is_refused_with_the_place(
    tmp_path: Path, breaking: Callable[[str], str], parts: tuple[str, ...]
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(breaking(RESERVE.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_projects(broken, RESERVE_2026)
    assert len(caught.value.violations) == 1
    message = str(caught.value.violations[0])
    assert "broken.csv" in message
    for part in parts:
        assert part in message


def test_every_wrong_place_is_named_at_once(tmp_path: Path) -> None:
    text = RESERVE.read_text(encoding="utf-8").replace(",7211,", ",x,").replace(",4804,", ",y,")
    broken = tmp_path / "broken.csv"
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_projects(broken, RESERVE_2026)
    assert [violation.field.split()[2] for violation in caught.value.violations] == ["2", "3"]


def test_a_missing_file_and_another_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_projects(tmp_path / "none.csv", RESERVE_2026)
    other = tmp_path / "gbk.csv"
    other.write_bytes(RESERVE.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_projects(other, RESERVE_2026)
