"""`ecopledge fund terms show NAME`: one term sheet."""

import click

from cli.examples import WithExamples
from cli.output import json_option, print_json


@click.command("show", cls=WithExamples, examples=("ecopledge fund terms show qilian",))
@click.argument("name")
@json_option
def command(name: str, *, as_json: bool) -> int:
    """查看条款 · Show one term sheet: partners, steps, what is published and what is assumed."""
    from services.fund.term_sheets import read_term_sheets
    from services.runtime.bundled import bundled
    from services.runtime.errors import NotFound

    sheets = read_term_sheets(bundled("fund/term_sheets.toml"))
    if name not in sheets:
        raise NotFound(f"term sheet {name!r}: known are {', '.join(sheets)}")
    sheet = sheets[name]
    if as_json:
        print_json(sheet)
        return 0
    click.echo(f"{sheet.terms.name} ({sheet.sheet_id})")
    for text in (*sheet.published, *sheet.terms.assumptions):
        click.echo(f"  {text}")
    return 0
