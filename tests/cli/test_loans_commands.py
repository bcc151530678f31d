"""`ecopledge loans`: generate, import, list, schedule, as a person runs them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.connection import own_services
from cli.main import run


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("loans") / "book.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("valuation", "loans")) as address:
            yield address


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    code = run([*arguments, "--json"])
    out = capsys.readouterr()
    assert code == 0, out.err
    content: dict[str, object] = json.loads(out.out)
    return content


def test_a_synthetic_book_is_written_imported_stored_and_shown(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "book.csv"
    drawn = answer(capsys, "loans", "generate", "--loans", "40", "--seed", "3", "--out", str(out))
    assert drawn["note"] == "合成数据 synthetic"
    for table in ("loans", "positions", "movements"):
        day = ["--as-of", "2026-06-30"] if table == "loans" else []
        file = str(tmp_path / f"book-{table}.csv")
        first, again = (
            answer(capsys, "loans", "import", file, *day, "--target", target)["counts"] for _ in range(2)
        )
        n = drawn["rows"][table]  # type: ignore[index]  # a table of counts
        assert first == {"created": n, "updated": 0, "unchanged": 0}
        assert again == {"created": 0, "updated": 0, "unchanged": n}
    stored = answer(
        capsys, "loans", "generate", "--loans", "40", "--seed", "3", "--store", "--target", target
    )["stored"]
    assert stored["pledges"] == {"created": 40, "updated": 0, "unchanged": 0}  # type: ignore[index]  # as above
    assert stored["positions"]["created"] == 0  # type: ignore[index]  # as above
    assert run(["loans", "list", "--limit", "3", "--target", target]) == 0
    shown = capsys.readouterr().out
    assert "合成数据" in shown
    assert "--limit" in shown
    due = answer(capsys, "loans", "schedule", "SYN-0000001", "--target", target)
    assert due["instalments"][-1]["closing_cny"] == "0.00"  # type: ignore[index]  # a list of instalments


def test_a_book_stored_beside_other_loans_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{tmp_path / 'beside.db'}")
    own = tmp_path / "own.csv"
    own.write_text(
        "loan_id,borrower_id,principal_cny,drawn_on,periods,rate_annual,kind,default_probability_annual,"
        "asset_correlation,unsecured_lgd\n"
        + "".join(f"OWN{k},B{k},100000,2026-01-15,12,0.04,bullet,0.02,0.15,0.4\n" for k in range(2)),
        encoding="utf-8",
    )
    asked = ["loans", "generate", "--loans", "3", "--store"]
    # Alone, and a second time alone: its own loans are no others.
    for _ in range(2):
        assert run(asked) == 0
        assert "one institution is one book" not in capsys.readouterr().out
    answer(capsys, "loans", "import", str(own), "--as-of", "2026-06-30")
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "原有 2 笔其他贷款" in said
    assert "2 other loans" in said
    assert "reports will show both" in " ".join(said.split())
    # A smaller book leaves the third loan of the larger one.
    assert answer(capsys, "loans", "generate", "--loans", "2", "--store")["other_loans_stored"] == 3


def test_a_workbook_of_three_sheets_is_one_import(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "three.xlsx"
    drawn = answer(capsys, "loans", "generate", "--loans", "6", "--seed", "99", "--out", str(out))
    send = ["loans", "import", str(out), "--as-of", "2026-06-30", "--target", target]
    tables = answer(capsys, *send)["tables"]
    assert isinstance(tables, list)
    assert {table["kind"]: table["rows"] for table in tables} == drawn["rows"]
    assert run(send) == 0
    assert capsys.readouterr().out.count("未变 unchanged") == 3


def test_one_wrong_cell_in_any_sheet_leaves_the_other_sheets_out(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans, positions = tmp_path / "l.csv", tmp_path / "p.csv"
    loans.write_text(
        "loan_id,borrower_id,principal_cny,drawn_on,periods,rate_annual,kind,default_probability_annual,"
        "asset_correlation,unsecured_lgd\nNEW1,B1,100,2026-01-15,12,0.04,bullet,0.02,0.15,0.4\n"
    )
    send = ["loans", "import", str(loans), str(positions), "--as-of", "2026-06-30", "--target", target]
    for row, told in (
        ("NEW2,2026-06-30,1,0.04", "p.csv, row 2, column loan_id: found 'NEW2', expected a loan that exists"),
        ("NEW1,2026-06-30,x,0.04", "p.csv, row 2, column balance_cny: found 'x'"),
    ):
        positions.write_text(f"loan_id,as_of,balance_cny,rate_annual\n{row}\n")
        assert run(send) == 2
        assert told in capsys.readouterr().err
        assert run(["loans", "schedule", "NEW1", "--target", target]) != 0
        capsys.readouterr()
    positions.write_text("loan_id,as_of,balance_cny,rate_annual\nNEW1,2026-06-30,1,0.04\n")
    assert run(send) == 0
    assert run(["loans", "import", str(loans), str(loans), "--as-of", "2026-06-30", "--target", target]) == 2
    assert "one table of a kind" in capsys.readouterr().err


def test_a_wrong_file_changes_nothing_and_ends_with_code_2(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.csv"
    file.write_text("loan_id,as_of,balance_cny,rate_annual\nNO,2026-06-30,1,0.04\nNO2,2026-06-30,x,0.04\n")
    assert run(["loans", "import", str(file), "--target", target]) == 2
    assert "p.csv, row 3, column balance_cny: found 'x'" in capsys.readouterr().err
    file.write_text("loan_id,as_of,balance_cny,rate_annual\nNO,2026-06-30,1,0.04\n")
    assert run(["loans", "import", str(file), "--target", target]) == 2
    assert "p.csv, row 2, column loan_id: found 'NO', expected a loan that exists" in capsys.readouterr().err


def test_the_example_book_goes_in_with_its_pledges_and_both_are_seen(
    target: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECOPLEDGE_INSTITUTION_ID", "pledged-book")
    folder, day = "examples/loans/book", ["--as-of", "2026-06-30", "--target", target]
    send = ["loans", "import", f"{folder}/loans.csv", f"{folder}/pledges.csv", *day]
    tables = answer(capsys, *send)["tables"]
    assert isinstance(tables, list)
    loans, pledges = tables
    assert loans["counts"] == pledges["counts"] == {"created": 3, "updated": 0, "unchanged": 0}
    assert [item["asset_id"] for item in pledges["pledges"]] == ["W1", "WUNING", "GEP1"]
    assert run(send) == 0
    out = capsys.readouterr().out
    assert out.count("新增 created 0 · 更新 updated 0 · 未变 unchanged 3") == 2
    total = sum(item["value_cny"] * item["pledged_share"] for item in pledges["pledges"])
    assert f"3 项质押价值合计 pledged value {total / 1e4:,.2f} 万元" in out
    quick = ["--paths", "256", "--target", target]
    monitored = answer(capsys, "loans", "monitor", *quick)
    assert [len(item["pledges"]) for item in monitored["loans"]] == [1, 1, 1]  # type: ignore[attr-defined]  # as above
    for command in ("simulate", "wrong-way"):
        assert "LOANS_WITHOUT_PLEDGE" not in json.dumps(answer(capsys, "loans", command, *quick))


def test_pledges_without_their_loans_are_refused_and_only_they_are_valued(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, asset = tmp_path / "p.csv", Path("examples/water-right.toml").resolve()
    file.write_text(f"collateral_id,loan_id,asset_file\nP1,NOBODY,{asset}\n")
    assert run(["loans", "import", str(file), "--target", target]) == 2
    assert (
        "p.csv, row 2, column loan_id: found 'NOBODY', expected a loan that exists" in capsys.readouterr().err
    )
    assert run(["loans", "import", str(file), "--snapshot-id", "NONE", "--target", target]) != 0
    assert "NONE" in capsys.readouterr().err
    loans = ["loans", "import", "examples/loans/book/loans.csv", "--as-of", "2026-06-30"]
    assert run([*loans, "--snapshot-id", "NONE", "--target", target]) == 2
    assert "--snapshot-id: found 'NONE' for loans, expected none" in capsys.readouterr().err


def test_many_wrong_rows_are_shortened_for_people_and_told_in_full_for_programs(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.csv"
    rows = "".join(f"NO-{i},2026-06-30,1,0.04\n" for i in range(46))
    file.write_text(f"loan_id,as_of,balance_cny,rate_annual\n{rows}")
    assert run(["loans", "import", str(file), "--target", target]) == 2
    told = capsys.readouterr().err
    assert told.count("expected a loan that exists") == 20 + 1
    assert "and 26 more" in told
    assert "26 × found …, expected a loan that exists" in told
    assert told.count("import the loans first") == 1
    assert run(["loans", "import", str(file), "--target", target, "--json"]) == 2
    every = capsys.readouterr().err
    assert every.count("expected a loan that exists") == 46
    assert "more" not in every


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["schedule"], "LOAN_ID: is missing"),
        (["schedule", "L1", "--rate", "0.04"], "found a loan and terms"),
        (["list", "--known-at", "yesterday"], "found 'yesterday'"),
        (["generate"], "--out: is missing"),
        (["import", "x.csv"], "x.csv"),
    ],
)
def test_a_wrong_call_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loans", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["import", "generate", "list", "schedule"])
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loans", name, "--help"]) == 0
    assert f"  ecopledge loans {name}" in capsys.readouterr().out
