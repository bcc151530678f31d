"""`ecopledge fund terms put NAME`: store a version of a term sheet."""

import datetime as dt
from pathlib import Path

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json
from cli.term_choice import sheet_named, sheets_option


@click.command(
    "put",
    cls=WithExamples,
    examples=(
        "ecopledge fund terms put qilian",
        "ecopledge fund terms put our-fund --sheets our-sheets.toml --as-of 2026-09-30",
    ),
)
@click.argument("name")
@sheets_option
@click.option("--id", "terms_id", metavar="ID", help="Name under which it is stored. Default: NAME.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Business date from which the terms are in force. Default: today.",
)
@click.option("--request-id", metavar="ID", help="A repeat with the same id gets the first answer.")
@target
@json_option
def command(
    name: str,
    sheets: Path | None,
    terms_id: str | None,
    as_of: dt.datetime | None,
    request_id: str | None,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """存储条款版本 · Store a version of a term sheet; older versions stay as they were."""
    import uuid

    from services.fund.client import FundClient

    sheet = sheet_named(name, sheets)
    day = dt.datetime.now().astimezone().date() if as_of is None else as_of.date()
    stored_as = name if terms_id is None else terms_id
    with services(target, ("fund",)) as channel:
        is_new = FundClient(channel).put_terms(request_id or uuid.uuid4().hex, day, stored_as, sheet.terms)
    if as_json:
        print_json({"terms_id": stored_as, "as_of": day, "is_new_version": is_new})
    else:
        told = "已存储新版本 stored a new version" if is_new else "与现行版本相同 the same terms are in force"
        click.echo(f"{stored_as}: {told} ({day})")
    return 0
