"""How the fund's commands come to their question: a file, the market of the valuation service, stored projects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services

if TYPE_CHECKING:
    from flows.fund_question import AskedFund
    from services.fund.client import FundClient

BUNDLED_QUESTION = "demonstration/fund_question.toml"
SHOWN_QUESTION = "data/demonstration/fund_question.toml"

question_file = click.argument("file", type=click.Path(path_type=Path), required=False)


@contextmanager
def asked_fund(
    file: Path | None, target: str | None, paths: int | None = None
) -> "Iterator[tuple[FundClient, AskedFund]]":
    """A client of the fund and the question of a file, ready to be asked; the bundled question without a file."""
    from flows.fund_question import ask, read_question
    from services.fund.client import FundClient
    from services.runtime.bundled import bundled
    from services.valuation.client import ValuationClient

    path = bundled(BUNDLED_QUESTION) if file is None else file
    read_question(path)  # a mistake in the file is told before services are started
    with services(target, ("valuation", "fund")) as channel:
        client = FundClient(channel)
        asked = ask(client, ValuationClient(channel).get_market_snapshot(), path)
        if paths is not None:
            asked = replace(asked, simulation=replace(asked.simulation, n_paths=paths))
        yield client, asked
