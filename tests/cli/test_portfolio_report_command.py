"""`ecopledge report portfolio`: what people read, what programs read, and the check against an earlier report."""

import json
from pathlib import Path

import pytest

from cli.main import run


def test_an_empty_book_is_reported_and_its_id_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{tmp_path / 'book.db'}")
    asked = ["report", "portfolio", "--as-of", "2026-09-30", "--out", str(tmp_path)]
    assert run(asked) == 0
    assert "贷款簿中没有贷款" in capsys.readouterr().out
    assert run([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["n_loans"], said["as_of"]) == (0, "2026-09-30")
    assert all(Path(path).is_file() for path in said["files"].values())
    assert run([*asked, "--expect", said["replay_id"]]) == 0
    assert run([*asked, "--expect", "portfolio-0"]) == 1
    assert "复算不一致" in capsys.readouterr().err
