"""The market snapshot that the product bundles."""

from services.runtime.bundled import BUNDLED_DATA
from services.runtime.market import MarketSnapshot, read_snapshot

STANDARD_PATH = BUNDLED_DATA / "market" / "standard.toml"


def read_standard_snapshot() -> MarketSnapshot:
    """The bundled snapshot.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    return read_snapshot(STANDARD_PATH)
