"""What a refresh is asked to do, and the request ids that make a repeat harmless."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from services.valuation.asset import Asset
from services.valuation.valuation import Simulation

BATCH_SIZE = 500
REQUEST_ID_DIGITS = 48
STANDARD_SIMULATION = Simulation()


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """What a refresh is asked to do.

    Attributes:
        accounts_dir: accounts folder.
        as_of: day of the valuation.
        out_dir: folder that receives the report.
        institution_id: whom the valuations belong to.
        snapshot_id: market snapshot; empty for the standard one.
        batch_size: assets in one call of the service.
        simulation: how values are simulated.
    """

    accounts_dir: Path
    as_of: dt.date
    out_dir: Path
    institution_id: str
    snapshot_id: str = ""
    batch_size: int = BATCH_SIZE
    simulation: Simulation = STANDARD_SIMULATION


def run_key(request: RefreshRequest, content_hash: str, snapshot_id: str, snapshot_hash: str) -> str:
    """SHA-256 of everything that decides the answer: the same key means the same refresh, started again."""
    return _digest(
        (
            request.institution_id,
            content_hash,
            request.as_of,
            snapshot_id,
            snapshot_hash,
            request.simulation,
            request.batch_size,
        )
    )


def valuation_request_id(key: str, batch: int, assets: Sequence[Asset]) -> str:
    """Request id of the valuations that a batch still needs.

    The assets are part of it as they were understood: a newer program may understand more of the same files, and
    then asks something new.
    """
    return f"value-{_digest((key, batch, tuple(assets)))[:REQUEST_ID_DIGITS]}"


def _digest(content: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
