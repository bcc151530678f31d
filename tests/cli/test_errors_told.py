"""What is told when a service cannot do its work: the remedy fits the cause."""

import pytest

from cli.main import run


def test_a_service_that_is_not_there_is_started_by_serve(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loans", "list", "--target", "127.0.0.1:1"]) == 3
    told = capsys.readouterr().err
    assert "the services cannot be reached" in told
    assert "ecopledge serve" in told


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ["loans", "simulate", "--snapshot", "calibrated-2026-08-31"],
            "--snapshot: found 'calibrated-2026-08-31', expected a TOML file; the id of a stored snapshot goes to",
        ),
        (
            ["refresh", "--accounts", "data/example_accounts", "--snapshot-id", "data/market/standard.toml"],
            "--snapshot-id: found the file 'data/market/standard.toml', expected the id of a stored snapshot",
        ),
    ],
)
def test_a_snapshot_of_the_other_kind_is_told_where_it_goes(
    command: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command) == 2
    assert told in capsys.readouterr().err
