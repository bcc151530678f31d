"""`ecopledge fund terms show NAME`: one term sheet."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, wan
from cli.term_choice import sheet_named, sheets_option

if TYPE_CHECKING:
    from services.fund.fund_terms.terms import FundTerms


@click.command(
    "show",
    cls=WithExamples,
    examples=("ecopledge fund terms show qilian", "ecopledge fund terms show our-fund --stored"),
)
@click.argument("name")
@sheets_option
@click.option("--stored", is_flag=True, help="The newest version that the service keeps under this name.")
@target
@json_option
def command(name: str, sheets: Path | None, target: str | None, *, stored: bool, as_json: bool) -> int:
    """查看条款 · Show one term sheet: partners, steps, rules, what is published and what is assumed."""
    if stored:
        from services.fund.client import FundClient

        with services(target, ("fund",)) as channel:
            version = FundClient(channel).get_terms(name)
        if as_json:
            print_json(version)
            return 0
        _print(name, version.terms)
        click.echo(f"  生效日 as of {version.as_of}，记录 recorded {version.recorded_at:%Y-%m-%d %H:%M} UTC")
        return 0
    sheet = sheet_named(name, sheets)
    if as_json:
        print_json(sheet)
        return 0
    _print(name, sheet.terms)
    for text in sheet.published:
        click.echo(f"  公布 published: {text}")
    return 0


def _print(name: str, terms: "FundTerms") -> None:
    from cli.fund_words import CLASSES, rule_words, step_words

    total = sum(partner.commitment_cny for partner in terms.partners)
    print_table(
        f"{terms.name} ({name}): 合伙人 · Partners (万元)",
        ("编号 Id", "名称 Name", "类别 Class", "认缴 Commitment", "占比 Share"),
        [
            [
                partner.partner_id,
                partner.name,
                CLASSES[partner.partner_class.value],
                wan(float(partner.commitment_cny)),
                percent(float(partner.commitment_cny / total)),
            ]
            for partner in terms.partners
        ],
        left=(0, 1, 2),
    )
    print_table(
        "分配步骤 · Steps",
        ("序 #", "步骤 Step", "条款 Terms"),
        [[str(i), *step_words(terms, step)] for i, step in enumerate(terms.steps)],
        left=(1, 2),
    )
    for line in rule_words(terms):
        click.echo(f"  {line}")
    for text in terms.assumptions:
        click.echo(f"  {text}")
