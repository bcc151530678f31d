"""`ecopledge replay ID`: recompute a stored valuation to the last bit."""

import re
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json, wan

if TYPE_CHECKING:
    from services.valuation.client import ValuationClient
    from services.valuation.valuation import Replay

_WHOLE_ID = re.compile(r".+-\d{5}")
_SHOWN = 3


@click.command(
    "replay", cls=WithExamples, examples=("ecopledge replay 4f1c2a9e0b7d4d3aa1b2c3d4e5f60718-00000",)
)
@click.argument("valuation_id")
@target
@json_option
def command(valuation_id: str, target: str | None, *, as_json: bool) -> int:
    """逐位重算已存估值 · Recompute a stored valuation from its manifest and compare every bit.

    The number behind an id (-00000) may be left out where one asset alone was valued under it. Ends with code 1 if
    anything differs.
    """
    from services.valuation.client import ValuationClient

    with services(target, ("valuation",)) as channel:
        client = ValuationClient(channel)
        replay = client.replay_valuation(_known_id(client, valuation_id))
    if as_json:
        print_json(replay)
    else:
        _print(replay)
    return 0 if replay.identical else 1


def _known_id(client: "ValuationClient", given: str) -> str:
    """The id of a stored valuation: the one given, or the only one of a request that was given without number.

    Raises:
        NotFound: there is none, or several; with the form of an id and such as exist.
    """
    from services.runtime.errors import NotFound

    if _WHOLE_ID.fullmatch(given):
        if _is_stored(client, given):
            return given
    else:
        numbered = [found for i in range(_SHOWN) if _is_stored(client, found := f"{given}-{i:05d}")]
        if len(numbered) == 1:
            return numbered[0]
        if numbered:
            raise NotFound(
                f"编号 {given} 之下有多项估值，请写明其一 · several valuations bear the id {given}, expected one of "
                f"them: {', '.join(numbered)}" + (", …" if len(numbered) == _SHOWN else "")
            )
    newest = [summary.valuation_id for summary in client.list_valuations(page_size=_SHOWN).valuations]
    if not newest:
        raise NotFound(
            f"没有编号为 {given} 的估值，也没有其他已存估值；先用 ecopledge value FILE --record 存入 · no valuation "
            f"{given!r}, and none is stored at all: ecopledge value FILE --record stores one and prints its id"
        )
    raise NotFound(
        f"没有编号为 {given} 的估值；编号由一串字符和五位序号组成，最近存入的有 · no valuation {given!r}, expected an "
        f"id that ends with a number of five digits; the newest are {', '.join(newest)}"
    )


def _is_stored(client: "ValuationClient", valuation_id: str) -> bool:
    from services.runtime.errors import NotFound

    try:
        client.get_valuation(valuation_id)
    except NotFound:
        return False
    return True


def _print(replay: "Replay") -> None:
    if not replay.identical:
        click.echo("differs · 不一致:")
        for difference in replay.differences:
            click.echo(f"  {difference}")
        return
    stored = replay.stored
    click.echo(f"identical to the last bit · 逐位一致: {wan(stored.value_cny)} 万元 ({stored.valuation_id})")
    click.echo(
        f"  input {stored.manifest.input_hash[:16]}…  snapshot {stored.manifest.snapshot_id}  "
        f"seed {stored.manifest.seed}  paths {stored.manifest.n_paths}"
    )
