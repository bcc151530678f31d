"""`ecopledge stress`: bundled and own scenarios, a reverse limit, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.connection import own_services
from cli.main import run

EXAMPLE = "examples/water-right.toml"
OWN = """
[[scenarios]]
name = "half"
label_zh = "水价减半"
label_en = "half the price"
sources = [{ parameter = "levels", evidence = "assumption", citation = "a test" }]
levels = [{ factor = "water_price", multiplier = 0.5 }]
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("valuation",)) as address:
            yield address


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["stress", EXAMPLE, "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_bundled_scenario_by_default(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = answer(capsys, "--target", target)
    names = [scenario["name"] for scenario in report["scenarios"]]
    assert {
        "dry-run",
        "ccer-crash",
        "scheme-enforced",
        "tourism-stop",
        "methodology-change",
        "floor-removed",
    } <= {*names}
    [asset] = report["outcomes"]
    assert [item["scenario"] for item in asset["stressed"]] == names
    assert asset["reverse"] is None


def test_own_scenarios_and_a_limit(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    report = answer(
        capsys,
        "--target",
        target,
        "--scenario",
        "scheme-enforced",
        "--scenarios",
        str(path),
        "--max-loss",
        "0.5",
    )
    assert [scenario["name"] for scenario in report["scenarios"]] == ["scheme-enforced", "half"]
    [asset] = report["outcomes"]
    assert asset["stressed"][1]["value_change_cny"] < -0.4 * asset["base"]["value_cny"]
    assert asset["reverse"]["single"][0]["factor"] == "water_price"
    assert asset["reverse"]["joint_distance"] <= -asset["reverse"]["single"][0]["standard_deviations"]


def test_the_table_for_people(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["stress", EXAMPLE, "--target", target, "--scenario", "scheme-enforced", "--max-loss", "0.5"])
    printed = capsys.readouterr().out
    assert code == 0
    for words in (
        "压力测试",
        "基准 Base",
        "1997年分水方案严格执行",
        "[假设 assumption]",
        "反向压力",
        "水价 water_price x",
    ):
        assert words in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "flood"], "scenario_names[0]: found 'flood', expected one of dry-run"),
        (["--scenarios", "no.toml"], "no.toml: cannot be read"),
        (["--max-loss", "0.5", "--min-pledge", "1"], "expected at most one"),
        (["--max-loss", "1.5"], "1.5 is not in the range"),
    ],
)
def test_what_is_refused(
    target: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["stress", EXAMPLE, "--target", target, *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_table_names_scenarios_as_their_sources_do(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stress", EXAMPLE, "--scenario", "dry-run-shared", "--target", target]) == 0
    printed = capsys.readouterr().out
    table, _, sources = printed.partition(" [假设 assumption] ")
    assert "dry-run-shared" in table.rpartition("\n")[0]
    assert table.rpartition("\n")[2].endswith(" dry-run-shared")
    assert sources
