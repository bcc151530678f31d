"""When two valuations rest on the same inputs, so that one stands for the other to the last bit."""

import hashlib

from services.runtime.results import Manifest
from services.valuation.valuation import Valuation


def inputs_key(manifest: Manifest, *, explained: bool) -> str:
    """SHA-256 of everything that decides a valuation: asset, simulation, date, market, catalogue and engine.

    Args:
        manifest: of the valuation.
        explained: whether it holds its explanation.
    """
    parts = (
        manifest.input_hash,
        manifest.snapshot_id,
        manifest.snapshot_hash,
        manifest.catalogue_hash,
        str(manifest.seed),
        str(manifest.n_paths),
        manifest.engine_version,
        "explained" if explained else "plain",
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def key_of(valuation: Valuation) -> str:
    """The key of a valuation."""
    return inputs_key(valuation.manifest, explained=len(valuation.cash_flows) > 0)
