"""What the ingest commands share: a refusal is kept in quarantine, a success is told."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import print_json

if TYPE_CHECKING:
    from flows.ingest.account_file import WrittenAccount


def ingested(make: "Callable[[], WrittenAccount]", inputs: Path, out_dir: Path, *, as_json: bool) -> int:
    """Run an ingest and tell where the account is.

    Raises:
        InvalidInput: as the ingest did, after its problems were kept under out_dir/quarantine.
    """
    from flows.accounts.quarantine import quarantine
    from services.runtime.errors import InvalidInput

    try:
        written = make()
    except InvalidInput as error:
        kept = quarantine(error, inputs, out_dir)
        error.add_note(f"what was refused is kept in {kept.folder} · 被退回的内容已隔离保存")
        raise
    if as_json:
        print_json(
            {"account": str(written.account), "origin": str(written.origin), "total_cny": written.total_cny}
        )
        return 0
    click.echo(f"账户 account: {written.account}  合计 total {written.total_cny / 1e8:,.4f} 亿元 (1e8 CNY)")
    click.echo(f"来源 origin: {written.origin}")
    return 0
