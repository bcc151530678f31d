"""Reads assets and loan terms from a TOML or JSON file; every mistake is named with its place.

A file holds `[[assets]]`, each with one table that names its kind, as the contract does:

    [[assets]]
    asset_id = "W1"
    [assets.water_right]
    volume_m3_per_year = 120000
    remaining_term_years = 5

and, for `ecopledge size`, a table `[loan]` and, if the rate is to be built up, a table `[pricing]`.
"""

import dataclasses
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec

from services.runtime.conversion_error import place_and_words
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.toml_file import toml_bytes, toml_content
from services.runtime.violations import Violations
from services.valuation import asset as domain
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.valuation import LoanTerms

MAX_BYTES = 25_000_000
KINDS: dict[str, type] = {
    "water_right": domain.WaterRight,
    "forest_carbon": domain.ForestCarbonReceivable,
    "forest_tenure": domain.ForestTenure,
    "carbon_and_tenure": domain.CarbonAndTenure,
    "gep_revenue": domain.GepRevenueRight,
    "vep_project": domain.VepProject,
    "catalogued_right": domain.CataloguedRight,
}
_VEP_METHODS = {"residual_income": domain.ResidualIncome, "with_without": domain.WithWithout}


@dataclass(frozen=True, slots=True)
class AssetFile:
    """What a file says: assets and, if given, the loan that is asked for and what its rate is built from."""

    assets: tuple[domain.Asset, ...]
    loan: LoanTerms | None
    pricing: LoanPricing | None = None


def read_asset_file(path: Path) -> AssetFile:
    """Read a file.

    Raises:
        InvalidInput: naming file, place, what was found and what was expected; all mistakes at once.
    """
    content = _parse(path)
    violations = Violations()
    _check_keys(content, {"assets", "loan", "pricing"}, "", violations)
    entries = content.get("assets")
    if not isinstance(entries, list) or not entries:
        violations.add("assets", "found none, expected a list of at least one asset")
        entries = []
    assets = [_asset(entry, f"assets[{i}]", violations) for i, entry in enumerate(entries)]
    _check_unique(entries, violations)
    loan = None
    if "loan" in content:
        loan = _convert(content["loan"], LoanTerms, "loan", violations)
    pricing = None
    if "pricing" in content:
        pricing = _convert(content["pricing"], LoanPricing, "pricing", violations)
    if violations.found:
        raise InvalidInput.from_violations(
            FieldViolation(f"{path}: {found.field}", found.description) for found in violations.found
        )
    return AssetFile(tuple(asset for asset in assets if asset is not None), loan, pricing)


def _check_unique(entries: list[Any], violations: Violations) -> None:
    """One asset, one entry: a second one with the same id would be taken for the first."""
    first: dict[str, int] = {}
    for i, entry in enumerate(entries):
        asset_id = entry.get("asset_id") if isinstance(entry, dict) else None
        if isinstance(asset_id, str) and first.setdefault(asset_id, i) != i:
            violations.add(
                f"assets[{i}].asset_id", f"found {asset_id!r} again, first in assets[{first[asset_id]}]"
            )


def _parse(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InvalidInput.of(
                str(path), f"found {size / 1e6:.0f} MB, expected at most {MAX_BYTES / 1e6:.0f} MB"
            )
    except OSError as error:
        raise InvalidInput.of(
            str(path), f"cannot be read: {error.strerror}, expected a TOML or JSON file (文件无法读取)"
        ) from None
    expected = "a TOML or JSON file"
    content = _json(path, expected) if path.suffix.lower() == ".json" else toml_content(path, expected)
    if not isinstance(content, dict):
        raise InvalidInput.of(str(path), "found a list, expected a table with assets")
    return content


def _json(path: Path, expected: str) -> Any:
    try:
        return msgspec.json.decode(toml_bytes(path, expected))
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInput.of(str(path), f"is not valid JSON: {error} (JSON 格式有误)") from None


def _asset(entry: Any, place: str, violations: Violations) -> domain.Asset | None:
    if not isinstance(entry, dict):
        violations.add(place, "expected a table")
        return None
    common = {f.name for f in dataclasses.fields(domain.Asset)} - {"detail"}
    _check_keys(entry, common | KINDS.keys(), place, violations)
    kinds = [key for key in entry if key in KINDS]
    if len(kinds) != 1:
        violations.add(place, f"found {kinds or 'no kind'}, expected exactly one of {', '.join(KINDS)}")
        return None
    kind = kinds[0]
    detail = _detail(entry[kind], kind, f"{place}.{kind}", violations)
    rest = {key: value for key, value in entry.items() if key in common}
    rest.setdefault("name", str(rest.get("asset_id", "")))
    rest.setdefault("place", "")
    if detail is None:
        return None
    try:
        return msgspec.convert({**rest, "detail": {}}, _AssetShell).with_detail(detail)
    except msgspec.ValidationError as error:
        _add_conversion_error(error, entry, place, violations)
        return None


def _detail(content: Any, kind: str, place: str, violations: Violations) -> Any:
    if kind != "vep_project" or not isinstance(content, dict):
        return _convert(content, KINDS[kind], place, violations)
    methods = [key for key in content if key in _VEP_METHODS]
    if len(methods) != 1:
        violations.add(
            place, f"found {methods or 'no method'}, expected exactly one of {', '.join(_VEP_METHODS)}"
        )
        return None
    method = _convert(content[methods[0]], _VEP_METHODS[methods[0]], f"{place}.{methods[0]}", violations)
    rest = {key: value for key, value in content.items() if key not in _VEP_METHODS}
    shell = _convert(rest, _VepShell, place, violations)
    if method is None or shell is None:
        return None
    return domain.VepProject(shell.term_years, method, shell.restoration_cost_cny_per_year)


def _convert(content: Any, kind: type, place: str, violations: Violations) -> Any:
    _check_unknown(content, kind, place, violations)
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        _add_conversion_error(error, content, place, violations)
        return None


def _check_unknown(content: Any, kind: Any, place: str, violations: Violations) -> None:
    """Refuse keys that the type does not know, at any depth: a misspelt key must not fall back to a default."""
    if isinstance(content, list):
        element = next((arg for arg in get_args(kind) if arg is not Ellipsis), None)
        for i, item in enumerate(content):
            _check_unknown(item, element, f"{place}[{i}]", violations)
        return
    candidates = [kind, *get_args(kind)]
    table = next((c for c in candidates if dataclasses.is_dataclass(c)), None)
    if table is None or not isinstance(content, dict):
        return
    types = {f.name: f.type for f in dataclasses.fields(table)}
    _check_keys(content, types.keys(), place, violations)
    for key in content.keys() & types.keys():
        _check_unknown(content[key], types[key], f"{place}.{key}", violations)


def _check_keys(content: dict[str, Any], known: Any, place: str, violations: Violations) -> None:
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f", expected one of {', '.join(sorted(known))}"
            violations.add(f"{place}.{key}" if place else key, f"is not known{hint}")


def _add_conversion_error(
    error: msgspec.ValidationError, content: Any, place: str, violations: Violations
) -> None:
    where, words = place_and_words(error, content)
    violations.add(place + (f".{where}" if where and not where.startswith("[") else where), words)


@dataclass(frozen=True, slots=True)
class _VepShell:
    term_years: float
    restoration_cost_cny_per_year: float = 0.0


@dataclass(frozen=True, slots=True)
class _AssetShell:
    asset_id: str
    name: str
    place: str
    detail: dict[str, Any]
    stated_value: domain.StatedValue | None = None
    assumed_fields: tuple[str, ...] = ()
    terms: domain.TermsOverride | None = None

    def with_detail(self, detail: Any) -> domain.Asset:
        """The asset with its detail in place."""
        return domain.Asset(
            self.asset_id, self.name, self.place, detail, self.stated_value, self.assumed_fields, self.terms
        )
