"""The cases on docs/models/vep-project.md are what the valuation service says of them."""

import re
from pathlib import Path

import sqlalchemy as sa

from flows.published_cases.appraise import appraise
from flows.published_cases.assumptions import Assumptions
from flows.published_cases.case import PublishedCase
from services.runtime.channel import open_channel
from services.runtime.database import make_engine
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.client import ValuationClient
from services.valuation.valuation import Valuation

PAGE = Path(__file__).resolve().parents[3] / "docs" / "models" / "vep-project.md"
ROW = re.compile(r"^\| (C\d\d) [^|]*\| [^|]*?([\d,]+),[^|]*\| ([\d,]+) \| ([\d,]+) \|$", re.MULTILINE)


def test_the_cases_of_the_page(
    tmp_path: Path, cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    rows = ROW.findall(PAGE.read_text("utf-8"))
    assert [row[0] for row in rows] == ["C03", "C06", "C07"]
    engine: sa.Engine = make_engine(f"sqlite:///{tmp_path / 'ecopledge.db'}", sqlite_synchronous="NORMAL")
    upgrade_runtime(engine)
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine)]) as server,
        open_channel(server.address, institution_id="bank") as channel,
    ):
        found = appraise([cases[row[0]] for row in rows], assumptions, ValuationClient(channel))
    engine.dispose()
    for appraisal, (_, published, ours, loan) in zip(found, rows, strict=True):
        case = appraisal.mapping.case
        assert appraisal.pledge is not None
        valuation = appraisal.pledge.valuation
        assert isinstance(valuation, Valuation)
        assert case.published_value_wan == int(published.replace(",", ""))
        assert case.loan_wan == int(loan.replace(",", ""))
        assert round(valuation.value_cny / 1e4) == int(ours.replace(",", ""))
