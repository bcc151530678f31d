"""What is asked in a grid of the fund, from a TOML file; examples/grids/fund.toml shows the form.

Paths in a file are relative to it. What is not stated is the default, and what no setting changes is the question's.
"""

from pathlib import Path

import msgspec

from flows.grid_file import read_grid_file, require_names
from services.fund.simulation.outcome import FEWEST_PATHS, MOST_PATHS
from services.runtime.violations import Violations

MOST_VARIANTS = 24
"""Term sheets times settings; each is compared with itself in up to 20 worlds."""
LARGEST_MULTIPLE = 1_000.0
LARGEST_SEED = 2**63 - 1


class FundSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a variant differs from the question; None leaves a thing as it is.

    Attributes:
        name: short, unique in the grid.
        label_zh, label_en: for people; the name where they are empty.
        commitment_multiple: every partner's commitment times this.
        fee_rate_annual: management fee, in place of the terms' rates.
        liquidity_rate_annual: what the line costs that bridges what calls cannot cover.
        leave_out: "pipeline/project_id" of projects that the fund does not invest in.
    """

    name: str
    label_zh: str = ""
    label_en: str = ""
    commitment_multiple: float | None = None
    fee_rate_annual: float | None = None
    liquidity_rate_annual: float | None = None
    leave_out: tuple[str, ...] = ()


AS_ASKED = FundSetting("as-asked", "原设定", "as asked")


class FundGridQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked.

    Attributes:
        question: file of the question to the fund (docs/fund-question.md); the bundled one when absent.
        term_sheets: ids, of the question's file of term sheets or stored ones; the question's own when empty.
        worlds: names of the question's scenarios; all of them when empty.
        settings: variants; the question as it is when empty.
        seen_by: partner, class of partners or "grassroots" whose outcome is compared; when absent the first class that
            pays in under every term sheet.
        n_paths, seed: of every variant and world; the question's when absent.
    """

    question: str | None = None
    term_sheets: tuple[str, ...] = ()
    worlds: tuple[str, ...] = ()
    settings: tuple[FundSetting, ...] = ()
    seen_by: str | None = None
    n_paths: int | None = None
    seed: int | None = None


def read_fund_grid(path: Path) -> FundGridQuestion:
    """The grid of a file.

    Raises:
        InvalidInput: the file is missing or wrong, with every place.
    """
    return read_grid_file(path, FundGridQuestion, check_fund_grid)


def check_fund_grid(grid: FundGridQuestion, at: Violations) -> None:
    """Note what is wrong with a grid, whatever the fund it is asked of."""
    require_names("term_sheets", grid.term_sheets, at)
    require_names("worlds", grid.worlds, at)
    require_names("settings", [setting.name for setting in grid.settings], at)
    for i, setting in enumerate(grid.settings):
        multiple = setting.commitment_multiple
        at.require(
            multiple is None or 0.0 < multiple <= LARGEST_MULTIPLE,
            f"settings[{i}].commitment_multiple",
            f"found {multiple}, expected a number above 0 and at most {LARGEST_MULTIPLE:g}",
        )
    n_variants = max(len(grid.term_sheets), 1) * max(len(grid.settings), 1)
    at.require(
        n_variants <= MOST_VARIANTS,
        "settings",
        f"found {n_variants} term sheets times settings, expected at most {MOST_VARIANTS}",
    )
    if grid.n_paths is not None:
        at.require_range("n_paths", grid.n_paths, FEWEST_PATHS, MOST_PATHS)
    if grid.seed is not None:
        at.require_range("seed", grid.seed, 0, LARGEST_SEED)
