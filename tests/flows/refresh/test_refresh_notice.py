"""What a refresh tells Prefect arrives at a real server, and an automation answers it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.refresh.request import RefreshRequest
from flows.service_ports import Targets, connect_services
from services.valuation.valuation import Simulation
from tests.flows.prefect_calls import ask
from tests.flows.running_book import AS_OF, EXAMPLE, INSTITUTION, Book


def _events(api: str, name: str, until: Callable[[list[Any]], bool]) -> list[Any]:
    """Events of a name, newest first; the server stores them a moment after they were sent."""
    deadline, found = time.monotonic() + 60.0, list[Any]()
    while not until(found) and time.monotonic() < deadline:
        time.sleep(0.3)
        found = ask(api, "/events/filter", {"filter": {"event": {"name": [name]}}, "limit": 50})["events"]
    return found


def test_a_crossing_is_an_event_once_and_an_automation_answers(
    prefect_url: str, book: Book, tmp_path: Path
) -> None:
    """A permit loses 99 % of its water, so its loan is moved through every level; the run is repeated."""
    from prefect import flow

    from flows.refresh.flow import compose
    from flows.refresh.notice import LEVEL_CROSSED, NEEDS_ATTENTION

    folder = tmp_path / "accounts"
    shutil.copytree(EXAMPLE, folder)
    account = folder / "water_account.csv"
    account.write_text(account.read_text(encoding="utf-8").replace("136000000", "1360000"), encoding="utf-8")
    automation = ask(
        prefect_url,
        "/automations/",
        {
            "name": f"tell-{tmp_path.name}",
            "trigger": {
                "type": "event",
                "expect": [NEEDS_ATTENTION],
                "match": {"prefect.resource.id": f"ecopledge.institution.{INSTITUTION}"},
                "posture": "Reactive",
                "threshold": 1,
                "within": 0,
            },
            "actions": [{"type": "do-nothing"}],
        },
    )
    request = RefreshRequest(
        folder, AS_OF, tmp_path / "out", INSTITUTION, batch_size=20, simulation=Simulation(n_paths=256)
    )

    @flow(name="told", persist_result=False)
    def refresh() -> None:
        compose(request, Targets(book.address, book.address, INSTITUTION), connect_services)

    refresh()
    refresh()

    def of_the_run(found: list[Any]) -> list[Any]:
        return [event for event in found if event["payload"].get("report", "").startswith(str(tmp_path))]

    told = of_the_run(_events(prefect_url, NEEDS_ATTENTION, lambda found: len(of_the_run(found)) == 2))
    # The repeat tells the same of the day: the permit's loan, and those whose first value found them at a level.
    first, second = (event["payload"]["levels_crossed_worse"] for event in told)
    assert first == second >= 1
    crossed = _events(prefect_url, LEVEL_CROSSED, lambda found: len(found) > 0)
    [event] = [event for event in crossed if event["resource"]["prefect.resource.id"] == "ecopledge.loan.C13"]
    assert event["resource"]["ecopledge.level"] == "liquidation"
    assert event["payload"]["is_worse"] is True
    answered = _events(
        prefect_url,
        "prefect.automation.action.executed",
        lambda found: any(automation["id"] in event["resource"]["prefect.resource.id"] for event in found),
    )
    assert any(automation["id"] in event["resource"]["prefect.resource.id"] for event in answered)
