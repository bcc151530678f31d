"""The deployments of prefect.yaml on a real Prefect server: schedules, forms, one run to its end."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from flows.deployments.entries import read_entries
from services.runtime.errors import InvalidInput
from tests.flows.prefect_calls import ask

ROOT = Path(__file__).resolve().parents[3]
NAMES = {entry["name"] for entry in read_entries(ROOT / "prefect.yaml")}


@pytest.fixture(scope="module")
def api(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`ecopledge flows serve` on a standing server, until all deployments are there."""
    home = tmp_path_factory.mktemp("prefect")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "flows", "serve"],
            cwd=ROOT,
            env=clean | {"PREFECT_HOME": str(home), "PREFECT_API_URL": prefect_api, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        assert "Prefect: http://127.0.0.1:" in line, (home / "log").read_text()
        address = line.split()[1] + "/api"
        deadline = time.monotonic() + 60.0
        while len(ask(address, "/deployments/filter", {})) < len(NAMES) and time.monotonic() < deadline:
            time.sleep(0.3)
        yield address
        process.send_signal(signal.SIGINT)
        # The command promises 15 s; the rest is for a machine that does other things too.
        assert process.wait(30.0) == 0, (home / "log").read_text()
    finally:
        # The session is the test's own: the runner and the server below it.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def deployments(api: str) -> dict[str, Any]:
    return {found["name"]: found for found in ask(api, "/deployments/filter", {})}


def test_every_deployment_has_its_schedule(deployments: dict[str, Any]) -> None:
    assert set(deployments) == NAMES
    for entry in read_entries(ROOT / "prefect.yaml"):
        crons = [item["schedule"]["cron"] for item in deployments[entry["name"]]["schedules"]]
        assert crons == [schedule["cron"] for schedule in entry.get("schedules", ())]


def test_parameters_are_a_form_with_titles_in_chinese(deployments: dict[str, Any]) -> None:
    for found in deployments.values():
        schema = found["parameter_openapi_schema"]
        forms = schema["definitions"].values()
        assert forms
        for form in forms:
            assert form["properties"]
            assert all(
                any("一" <= letter <= "鿿" for letter in p["title"]) for p in form["properties"].values()
            )


def test_two_runs_of_a_deployment_go_to_their_end_one_after_the_other(
    api: str, deployments: dict[str, Any], tmp_path: Path
) -> None:
    """Both are asked for at once; the limit of prefect.yaml is one at a time."""
    parameters = {
        "accounts_dir": str(ROOT / "examples" / "gep-years"), "place": "示例县", "out_dir": str(tmp_path),
    }  # fmt: skip
    body = {"parameters": {"parameters": parameters}, "state": {"type": "SCHEDULED"}}
    path = f"/deployments/{deployments['yearly-assessment']['id']}/create_flow_run"
    started = [ask(api, path, body)["id"] for _ in range(2)]
    deadline = time.monotonic() + 120.0
    runs: list[Any] = []
    while time.monotonic() < deadline:
        runs = [ask(api, f"/flow_runs/{run_id}") for run_id in started]
        if all(run["state_type"] in {"COMPLETED", "FAILED", "CRASHED"} for run in runs):
            break
        time.sleep(0.5)
    assert [run["state_type"] for run in runs] == ["COMPLETED", "COMPLETED"]
    assert (tmp_path / "gep-assessment-示例县-2025.pdf").exists()
    first, second = sorted(runs, key=lambda run: str(run["start_time"]))
    assert dt.datetime.fromisoformat(first["end_time"]) <= dt.datetime.fromisoformat(second["start_time"])


def test_wrong_parameters_are_refused_by_the_form(api: str, deployments: dict[str, Any]) -> None:
    body = {
        "parameters": {"parameters": {"place": "示例县", "period": "third"}},
        "enforce_parameter_schema": True,
    }
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(api, f"/deployments/{deployments['yearly-assessment']['id']}/create_flow_run", body)
    assert refused.value.code in {409, 422}


def test_a_wrong_file_names_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_entries(path)
    path.write_text("deployments: []\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="no deployments"):
        read_entries(path)
    path.write_text("deployments: [\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is not YAML"):
        read_entries(path)


def test_the_list_shows_every_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flows", "list", "--file", str(ROOT / "prefect.yaml"), "--json"]) == 0
    assert {entry["name"] for entry in json.loads(capsys.readouterr().out)} == NAMES
