"""The market snapshot and the catalogue that the product bundles."""

from pathlib import Path

from services.runtime.market import MarketSnapshot, read_snapshot

STANDARD_PATH = Path(__file__).resolve().parents[2] / "data" / "market" / "standard.toml"


def read_standard_snapshot() -> MarketSnapshot:
    """The bundled snapshot.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    return read_snapshot(STANDARD_PATH)
