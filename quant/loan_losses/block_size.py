"""How many paths are simulated at a time: it changes no result, only where the tables lie and how often one hears."""

import numpy as np

from quant.loan_losses.prepared_book import PreparedBook

_BLOCK_BYTES = 2 * 2**20
_BLOCK_EVENTS = 10_000_000


def fitting_block(prepared: PreparedBook) -> int:
    """Paths whose tables fit the processor's cache, in a fraction of a second."""
    n_periods = prepared.book.n_periods
    floats = n_periods * (
        len(prepared.collateral.cell_time) + len(prepared.thresholds) + 4 * prepared.model.n_primary
    )
    chances = prepared.credit.cumulative_probability()[:, -1]
    borrowers = np.diff(prepared.credit.chunk_start)
    expected = float((chances[prepared.credit.chunk_cell] * borrowers).sum())
    by_events = _BLOCK_EVENTS / max(expected, 1.0)
    return int(np.clip(min(_BLOCK_BYTES / (8 * floats), by_events), 32, 16_384))
