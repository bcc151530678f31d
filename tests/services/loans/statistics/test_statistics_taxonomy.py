"""The table of purposes: every purpose has a head where it should, dates count, mistakes are named."""

import datetime as dt
from pathlib import Path

import pytest

from services.loans.statistics.taxonomy import read_taxonomy
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput

STANDARDS = """
mapping_is_confirmed = false
mapping_status_zh = "假设"
mapping_status_en = "assumption"
[[standard]]
code = "old"
name_zh = "旧"
name_en = "old"
published_on = 2019-12-27
in_force_from = 2019-12-27
head = [{ code = "a", name_zh = "甲", name_en = "A" }]
source = "test"
status = "test"
[[standard]]
code = "new"
name_zh = "新"
name_en = "new"
published_on = 2025-07-14
in_force_from = 2025-10-01
head = [{ code = "b", name_zh = "乙", name_en = "B" }, { code = "c", name_zh = "丙", name_en = "C" }]
source = "test"
status = "test"
"""


def purpose(code: str = "p", heads: str = '{ new = "b" }', more: str = "") -> str:
    return (
        f'[[purpose]]\ncode = "{code}"\nname_zh = "z"\nname_en = "e"\nheads = {heads}\n'
        f'carbon_benefit = "none"\n{more}\n'
    )


def written(folder: Path, text: str) -> Path:
    path = folder / "purposes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bundled_table_has_six_heads_of_2019_and_nine_of_2025() -> None:
    # The six heads of the 2019 catalogue and the nine of the 2025 catalogue, in force from 2025-10-01.
    found = read_taxonomy(bundled("statistics/purposes.toml"))
    assert (found.historical.code, len(found.historical.head)) == ("2019", 6)
    assert (found.current.code, len(found.current.head)) == ("2025", 9)
    assert found.current.in_force_from == dt.date(2025, 10, 1)
    assert [head.name_zh for head in found.current.head] == [
        "节能降碳", "环境保护", "资源循环利用", "能源绿色低碳转型", "生态保护修复和利用",
        "基础设施绿色升级", "绿色服务", "绿色贸易", "绿色消费",
    ]  # fmt: skip
    assert {row.heads["2025"] for row in found.purposes} == {head.code for head in found.current.head}


def test_of_dated_rows_the_latest_up_to_the_day_counts(tmp_path: Path) -> None:
    dated = purpose(heads='{ new = "c" }', more="valid_from = 2026-04-01")
    found = read_taxonomy(written(tmp_path, STANDARDS + dated + purpose()))
    assert found.purposes_on(dt.date(2026, 3, 31))["p"].heads == {"new": "b"}
    assert found.purposes_on(dt.date(2026, 4, 1))["p"].heads == {"new": "c"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (STANDARDS + purpose(heads='{ new = "z" }'), "heads.new: found 'z'"),
        (STANDARDS + purpose(heads='{ other = "b" }'), "found the standard 'other'"),
        (STANDARDS + purpose() + purpose(), "is there twice"),
        (STANDARDS + purpose(code=" p"), "expected a code"),
        (STANDARDS + purpose(more="colour = 1"), "colour"),
        (STANDARDS.split('[[standard]]\ncode = "new"', maxsplit=1)[0] + purpose(), "expected at least two"),
        ("[[standard", "purposes.toml"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_with_its_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_taxonomy(written(tmp_path, text))
    assert named in " ".join(str(violation) for violation in refused.value.violations)
    assert "purposes.toml" in str(refused.value.violations[0])


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_taxonomy(tmp_path / "none.toml")
    assert "none.toml" in str(refused.value.violations[0])
