"""The assets of a pledge table: read from the files and recorded valuations that its rows name.

An asset may secure several loans, in parts that make no more than the whole; an id names one asset in the whole table,
for what is lost of an asset is lost of every part of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.loan_files.pledge_row import PledgeRow
from flows.loan_files.reading import LoanFile
from services.runtime.errors import FieldViolation, InvalidInput, NotFound
from services.valuation.asset import Asset
from services.valuation.valuation import StoredValuation, Valuation

ReadAssets = Callable[[Path], Sequence[Asset]]
"""Reads an asset file; what is wrong with it is an InvalidInput."""
GetValuation = Callable[[str], StoredValuation]
"""A recorded valuation by its id; NotFound where there is none."""
_SHARE_TOLERANCE = 1e-9
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PledgedAsset:
    """A row of a pledge table with its asset.

    Attributes:
        table, row: the row that it is of, counted from 0.
        recorded: the valuation that the row names, None where it names a file.
    """

    table: LoanFile
    row: int
    pledge: PledgeRow
    asset: Asset
    recorded: Valuation | None

    def place(self, column: str = "") -> str:
        """Where the row stands, or its cell of a column."""
        return self.table.place(self.row, column)


def pledged_assets(
    table: LoanFile, read_assets: ReadAssets, get_valuation: GetValuation
) -> tuple[PledgedAsset, ...]:
    """The asset of every row, in order.

    Args:
        table: of pledges.
        read_assets: of a file; a relative path counts from the folder of the table's file.
        get_valuation: of the valuation service.

    Raises:
        InvalidInput: with every file that is missing or wrong, every unknown valuation, an id that two assets share,
            and assets pledged more than once over.
    """
    named = _Named(Path(table.file).parent, read_assets, get_valuation)
    found: list[PledgedAsset] = []
    problems: list[FieldViolation] = []
    for i, row in enumerate(table.rows):
        if not isinstance(row, PledgeRow):
            raise TypeError(f"{table.place(i)}: found {type(row).__name__}, expected a row of a pledge table")
        try:
            found.append(PledgedAsset(table, i, row, *named.of(row)))
        except InvalidInput as error:
            column = "asset_file" if row.asset_file else "valuation_id"
            problems += [
                FieldViolation(table.place(i, column), str(violation)) for violation in error.violations
            ]
    problems += _contradictions(found)
    if problems:
        raise InvalidInput.from_violations(problems)
    return tuple(found)


class _Named:
    """Assets by the names that rows give them; each file and valuation is asked for once, and told once if wrong."""

    def __init__(self, folder: Path, read_assets: ReadAssets, get_valuation: GetValuation) -> None:
        self._folder = folder
        self._read_assets = read_assets
        self._get_valuation = get_valuation
        self._files: dict[Path, Sequence[Asset]] = {}
        self._valuations: dict[str, StoredValuation] = {}

    def of(self, row: PledgeRow) -> tuple[Asset, Valuation | None]:
        """The asset of a row, and the recorded valuation that it names."""
        if row.asset_file:
            # Written on Windows as often as not.
            path = self._folder / row.asset_file.replace("\\", "/")
            if path not in self._files:
                self._files[path] = self._read_assets(path)
            return _asset_for(row, path, self._files[path]), None
        stored = self._valuations.get(row.valuation_id)
        if stored is None:
            try:
                stored = self._get_valuation(row.valuation_id)
            except NotFound:
                raise InvalidInput.of(
                    row.valuation_id, "found no such valuation, expected the id of a recorded one"
                ) from None
            self._valuations[row.valuation_id] = stored
        return stored.asset, stored.valuation


def _asset_for(row: PledgeRow, path: Path, assets: Sequence[Asset]) -> Asset:
    """The asset of the file, or of several the one that bears the name of the pledge."""
    if len(assets) == 1:
        return assets[0]
    for asset in assets:
        if asset.asset_id == row.collateral_id:
            return asset
    ids = ", ".join(asset.asset_id for asset in assets[:_SHOWN])
    raise InvalidInput.of(
        str(path),
        f"found {len(assets)} assets ({ids}), expected one, or one with asset_id {row.collateral_id}",
    )


def _contradictions(found: Sequence[PledgedAsset]) -> list[FieldViolation]:
    first: dict[str, PledgedAsset] = {}
    shares: dict[str, float] = {}
    problems = []
    for item in found:
        asset_id = item.asset.asset_id
        earlier = first.setdefault(asset_id, item)
        if earlier.asset != item.asset:
            problems.append(
                FieldViolation(
                    item.place("asset_file"),
                    f"found asset_id {asset_id!r} for another asset than in {earlier.place()}, "
                    "expected each asset to have its own",
                )
            )
            continue
        before = shares.get(asset_id, 0.0)
        shares[asset_id] = before + item.pledge.pledged_share
        if shares[asset_id] > 1.0 + _SHARE_TOLERANCE:
            problems.append(
                FieldViolation(
                    item.place("pledged_share"),
                    f"found {item.pledge.pledged_share:g} of asset {asset_id}, of which {before:g} is pledged further "
                    f"up, first in {earlier.place()}, expected at most 1 in all",
                )
            )
    return problems
