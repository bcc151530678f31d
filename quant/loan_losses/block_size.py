"""How many paths are simulated at a time: it changes no result, only where the tables lie and how often one hears."""

import numpy as np

from quant.loan_losses.prepared_book import PreparedBook

_BLOCK_BYTES = 2 * 2**20
_MOST_BLOCK_BYTES = 64 * 2**20
_BLOCK_EVENTS = 10_000_000
# Rough seconds: what a block costs for each of its periods however few paths it has, a default, an entry of a table.
_PER_BLOCK_PERIOD, _PER_EVENT, _PER_ENTRY = 1e-3, 1e-7, 1e-8
_WORK_PER_OVERHEAD = 8.0


def fitting_block(prepared: PreparedBook) -> int:
    """Paths whose tables fit the processor's cache, in a fraction of a second.

    A small book has so little to do on a path that calling the loops costs more than what is done in them: it gets
    longer blocks, whose tables do not fit the cache.
    """
    n_periods = prepared.book.n_periods
    floats = n_periods * (
        len(prepared.collateral.cell_time) + len(prepared.thresholds) + 4 * prepared.model.n_primary
    )
    chances = prepared.credit.cumulative_probability()[:, -1]
    borrowers = np.diff(prepared.credit.chunk_start)
    expected = float((chances[prepared.credit.chunk_cell] * borrowers).sum())
    by_events = _BLOCK_EVENTS / max(expected, 1.0)
    by_calls = (
        _WORK_PER_OVERHEAD * _PER_BLOCK_PERIOD * n_periods / (_PER_EVENT * expected + _PER_ENTRY * floats)
    )
    in_cache, in_memory = _BLOCK_BYTES / (8 * floats), _MOST_BLOCK_BYTES / (8 * floats)
    return int(np.clip(min(max(in_cache, min(by_calls, in_memory)), by_events), 32, 16_384))
