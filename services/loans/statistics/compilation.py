"""The statistics of a quarter from its columns: tables, checks, breaks."""

import numpy as np

from services.loans.statistics.breaks import find_breaks, summarise_checks
from services.loans.statistics.columns import NO_DAY, BookColumns
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import QuarterStatistics
from services.loans.statistics.tabulation import keeps_historical_standard, tabulate
from services.loans.statistics.taxonomy import Taxonomy


def compile_statistics(quarter: Quarter, columns: BookColumns, taxonomy: Taxonomy) -> QuarterStatistics:
    """The statistics of a quarter; exact, and the same for the same columns."""
    tables = tabulate(columns, taxonomy)
    breaks = find_breaks(columns, taxonomy, tables)
    has_balance = columns.closing.balance_cents > 0
    kept = keeps_historical_standard(columns, taxonomy)
    without_approval = columns.is_on_record & (columns.approved_on == NO_DAY)
    return QuarterStatistics(
        quarter=quarter,
        historical_standard=taxonomy.historical.code,
        current_standard=taxonomy.current.code,
        tables=tables,
        checks=summarise_checks(breaks),
        breaks=breaks,
        n_kept=int(np.count_nonzero(kept & has_balance)),
        n_without_approval_day=int(np.count_nonzero(without_approval & has_balance)),
        n_synthetic=int(np.count_nonzero(columns.is_synthetic)),
        input_hash=columns.content_hash(),
        taxonomy_hash=taxonomy.content_hash,
    )
