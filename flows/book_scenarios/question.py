"""What is asked in a grid of the loan book, from a TOML file; examples/grids/book.toml shows the form.

Paths in a file are relative to it; what is not stated is the default.
"""

import datetime as dt
from pathlib import Path

import msgspec

from flows.grid_file import read_grid_file, require_names
from services.loans.portfolio import DEFAULT_SEED, MAX_QUARTERS, MAX_SEED, MIN_PATHS
from services.loans.simulation.stress import DEFAULT_STRESS_PATHS, DEFAULT_STRESS_QUARTERS, MAX_STRESS_PATHS
from services.runtime.violations import Violations

MOST_SETTINGS = 24


class BookSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the book, or the book in other terms; None and empty leave a thing as it is.

    Attributes:
        name: short, unique in the grid.
        label_zh, label_en: for people; the name where they are empty.
        products, counties: only loans of one of these.
        n_quarters: horizon, in place of the grid's.
        fund_cap_cny: most that the risk-compensation fund pays, in place of the grid's.
    """

    name: str
    label_zh: str = ""
    label_en: str = ""
    products: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    n_quarters: int | None = None
    fund_cap_cny: float | None = None


WHOLE_BOOK = BookSetting("whole", "全部贷款", "whole book")


class BookGridQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked.

    Attributes:
        worlds: names of bundled scenarios (data/scenarios.toml), or of the file's; when empty all of the file, or
            without a file all bundled ones that fit the market.
        scenarios: file with worlds of your own, in the form of data/scenarios.toml.
        settings: parts of the book; the whole of it when empty.
        as_of: day of the book; the snapshot's when absent.
        n_quarters: horizon.
        n_paths, seed: of every setting and world.
        fund_cap_cny: most that the risk-compensation fund pays; no cap when absent.
        snapshot_id: market snapshot; the standard one when empty.
        default_curves: file with curves of default in place of those that the book keeps.
        funds: file with compensation funds in place of those that the book keeps.
        without_book_terms: leave out the curves and funds that the book keeps.
    """

    worlds: tuple[str, ...] = ()
    scenarios: str | None = None
    settings: tuple[BookSetting, ...] = ()
    as_of: dt.date | None = None
    n_quarters: int = DEFAULT_STRESS_QUARTERS
    n_paths: int = DEFAULT_STRESS_PATHS
    seed: int = DEFAULT_SEED
    fund_cap_cny: float | None = None
    snapshot_id: str = ""
    default_curves: str | None = None
    funds: str | None = None
    without_book_terms: bool = False


def read_book_grid(path: Path) -> BookGridQuestion:
    """The grid of a file.

    Raises:
        InvalidInput: the file is missing or wrong, with every place.
    """
    return read_grid_file(path, BookGridQuestion, check_book_grid)


def check_book_grid(grid: BookGridQuestion, at: Violations) -> None:
    """Note what is wrong with a grid, whatever the book it is asked of."""
    require_names("worlds", grid.worlds, at)
    require_names("settings", [setting.name for setting in grid.settings], at)
    at.require_max_length("settings", grid.settings, MOST_SETTINGS)
    at.require_range("n_paths", grid.n_paths, MIN_PATHS, MAX_STRESS_PATHS)
    at.require_range("seed", grid.seed, 0, MAX_SEED)
    _check_terms(grid.n_quarters, grid.fund_cap_cny, at)
    for i, setting in enumerate(grid.settings):
        _check_terms(setting.n_quarters, setting.fund_cap_cny, at.at(f"settings[{i}]"))


def _check_terms(n_quarters: int | None, fund_cap_cny: float | None, at: Violations) -> None:
    if n_quarters is not None:
        at.require_range("n_quarters", n_quarters, 1, MAX_QUARTERS)
    if fund_cap_cny is not None:
        at.require_non_negative("fund_cap_cny", fund_cap_cny)
