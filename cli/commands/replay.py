"""`ecopledge replay ID`: recompute a stored valuation to the last bit."""

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json, wan


@click.command("replay", cls=WithExamples, examples=("ecopledge replay 4f1c2a9e0b7d4d3aa1b2c3d4e5f60718",))
@click.argument("valuation_id")
@target
@json_option
def command(valuation_id: str, target: str | None, *, as_json: bool) -> int:
    """逐位重算已存估值 · Recompute a stored valuation from its manifest and compare every bit.

    Ends with code 1 if anything differs.
    """
    from services.valuation.client import ValuationClient

    with services(target, ("valuation",)) as channel:
        replay = ValuationClient(channel).replay_valuation(valuation_id)
    if as_json:
        print_json(replay)
    elif replay.identical:
        click.echo(f"identical to the last bit · 逐位一致: {wan(replay.stored.value_cny)} 万元")
        click.echo(
            f"  input {replay.stored.manifest.input_hash[:16]}…  snapshot {replay.stored.manifest.snapshot_id}  "
            f"seed {replay.stored.manifest.seed}  paths {replay.stored.manifest.n_paths}"
        )
    else:
        click.echo("differs · 不一致:")
        for difference in replay.differences:
            click.echo(f"  {difference}")
    return 0 if replay.identical else 1
