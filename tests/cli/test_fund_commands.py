"""The fund's commands end to end: files in, JSON out, mistakes named by row and column."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cli.commands.fund import SUMMARIES
from cli.connection import own_services
from cli.main import run

EXAMPLES = Path(__file__).parents[2] / "examples" / "fund"


@pytest.fixture(scope="module")
def fund_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("fund") / "fund.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("fund",)) as address:
            yield address


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, object]:
    code = run(["fund", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", [*SUMMARIES, "terms list", "terms show", "terms put"])
def test_every_command_of_the_fund_has_help_with_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fund", *name.split(), "--help"]) == 0
    examples = capsys.readouterr().out.partition("\nExample:\n")[2].splitlines()
    assert examples
    assert all(line.startswith(f"  ecopledge fund {name}") for line in examples)


def test_the_waterfall_of_a_file_adds_up(fund_services: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(EXAMPLES / "flows.csv")
    for sheet in ("american", "benefit_sharing"):
        code, found = answer(capsys, "waterfall", file, "--terms", sheet, "--target", fund_services)
        assert code == 0
        assert isinstance(found, dict)
        paid = sum(Decimal(payment["amount_cny"]) for payment in found["payments"])
        assert paid == Decimal(72_000_000 + 45_000_000 + 40_000_000)
        cost = sum(Decimal(partner["grassroots_cost_cny"]) for partner in found["partners"])
        counties = {item["county"]: Decimal(item["amount_cny"]) for item in found["counties"]}
        assert cost == sum(counties.values(), Decimal(0))
        if sheet == "benefit_sharing":
            # Earned: 72 - 40 = 32 million in Minle, 85 - 60 = 25 million in Linze.
            assert counties["民乐县"] / counties["临泽县"] == pytest.approx(
                Decimal(32) / 25, rel=Decimal("1e-7")
            )


def test_terms_are_stored_and_used_by_name(fund_services: str, capsys: pytest.CaptureFixture[str]) -> None:
    put = ("terms", "put", "american", "--id", "ours", "--as-of", "2026-09-30", "--target", fund_services)
    assert answer(capsys, *put)[1] == {"terms_id": "ours", "as_of": "2026-09-30", "is_new_version": True}
    assert answer(capsys, *put)[1] == {"terms_id": "ours", "as_of": "2026-09-30", "is_new_version": False}
    _, listed = answer(capsys, "terms", "list", "--stored", "--target", fund_services)
    assert isinstance(listed, list)
    assert [item["terms_id"] for item in listed] == ["ours"]
    file = str(EXAMPLES / "flows.csv")
    _, stored = answer(capsys, "waterfall", file, "--terms", "ours", "--stored", "--target", fund_services)
    _, given = answer(capsys, "waterfall", file, "--terms", "american", "--target", fund_services)
    assert stored == given
    assert run(["fund", "terms", "show", "nothing", "--stored", "--target", fund_services]) == 2


def test_a_ledger_beside_an_index(fund_services: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = (str(EXAMPLES / "ledger.csv"), "--index", str(EXAMPLES / "index.csv"))
    code, found = answer(capsys, "performance", *files, "--target", fund_services)
    assert code == 0
    assert isinstance(found, dict)
    whole, canyon, herbs = found["accounts"]
    assert (whole["account_id"], canyon["account_id"], herbs["account_id"]) == (
        "",
        "canyon-tourism",
        "herb-base",
    )
    # 81e6 received and 66e6 left of 100e6.
    assert (whole["dpi"], whole["rvpi"], whole["tvpi"]) == pytest.approx((0.81, 0.66, 1.47))
    # 40 at 1000; 15 at 905 and 57 at 1012; the end at 1165: (15 / 905 + 57 / 1012) / (40 / 1000).
    assert herbs["equivalents"]["ks_pme"] == pytest.approx((15 / 905 + 57 / 1012) / 0.04)
    assert canyon["payback_years"] is None


def test_a_pace_is_fitted_and_given(fund_services: str, capsys: pytest.CaptureFixture[str]) -> None:
    base = ("pacing", "--commitment", "100", "--life", "12", "--target", fund_services)
    _, given = answer(capsys, *base, "--rates", "0.25,0.3333333333,0.5", "--bow", "2.5", "--growth", "0.13")
    assert isinstance(given, dict)
    # The published schedule: 25, 25, 25, 12.5, 6.25 (data/reference/fund.csv).
    assert [year["contribution_cny"] for year in given["years"][:5]] == pytest.approx(
        [25, 25, 25, 12.5, 6.25], abs=1e-6
    )
    observed = ("pacing", "--commitment", "1e9", "--life", "12", "--observed", str(EXAMPLES / "observed.csv"))
    _, fitted = answer(capsys, *observed, "--target", fund_services)
    assert isinstance(fitted, dict)
    assert fitted["precision"]["is_identified"]
    assert run(["fund", "pacing", "--commitment", "1", "--life", "2"]) == 2


@pytest.mark.parametrize(
    ("command", "text", "places"),
    [
        (
            ("performance",),
            "date,account,kind,amount\n2021-13-01,a,contribution,5\n2021-01-01,,pay,-3\n",
            ["row 2, column date", "row 3, column account", "row 3, column kind", "row 3, column amount"],
        ),
        (("performance",), "date,account,kind\n2021-01-01,a,nav\n", ["row 1"]),
        (("performance",), "date,account,kind,amount\n", ["found no rows"]),
        (
            ("waterfall", "--terms", "european"),
            "year,deal,called,distributable,realised\n0,a,1,0,perhaps\n0,a,1,0.001,\n1,,0,5,yes\n",
            [
                "row 2, column realised",
                "row 3, column year",
                "row 3, column distributable",
                "row 4, column realised",
            ],
        ),
        (
            ("waterfall", "--terms", "european"),
            "year,deal,county,called,distributable\n0,a,甘州区,1,0\n1,a,临泽县,0,2\n",
            ["row 3, column county"],
        ),
        (
            ("pacing", "--commitment", "10", "--life", "5", "--observed"),
            "year,contribution,distribution\n1,5,0\n3,x,0\n",
            ["row 3, column year", "row 3, column contribution"],
        ),
    ],
)
def test_mistakes_are_named_before_anything_is_asked(
    command: tuple[str, ...], text: str, places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text, encoding="utf-8")
    assert run(["fund", *command, str(file)]) == 2
    told = capsys.readouterr().err
    assert all(place in told for place in places), told
