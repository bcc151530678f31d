"""What people read for a line: heads, purposes and codes by their names, what is not mapped as such."""

from dataclasses import dataclass

from flows.reports.bilingual import Bilingual
from flows.reports.labels import label
from flows.reports.statistics_workbook.layout import Layout
from services.loans.products import read_products
from services.loans.statistics.result import OUTSIDE, UNMAPPED, CheckKind, Grouping
from services.loans.statistics.taxonomy import Standard, Taxonomy

_LEVELS = {Grouping.COUNTY_PRODUCT: (Grouping.COUNTY, Grouping.PRODUCT)}
_MAPPED = (
    Grouping.PURPOSE,
    Grouping.HISTORICAL_STANDARD,
    Grouping.CURRENT_STANDARD,
    Grouping.CARBON_BENEFIT,
)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the keys of every grouping.

    Products have the names of data/loans/products.toml unless names.csv has others. A code that no table knows is
    shown as it is.
    """

    taxonomy: Taxonomy
    layout: Layout

    def of_keys(self, grouping: Grouping, keys: tuple[str, ...]) -> tuple[Bilingual, ...]:
        """Names of the levels of a line, the total's for none."""
        if not keys:
            return (label("statistics.total"),)
        levels = _LEVELS.get(grouping, (grouping,))
        return tuple(self.of_key(level, key) for level, key in zip(levels, keys, strict=True))

    def of_key(self, grouping: Grouping, key: str) -> Bilingual:
        """The name of one level."""
        if key == UNMAPPED:
            return label("statistics.unmapped" if grouping in _MAPPED else "statistics.not_stated")
        if key == OUTSIDE:
            return label("statistics.outside")
        if grouping is Grouping.HISTORICAL_STANDARD:
            return _head(self.taxonomy.historical, key)
        if grouping is Grouping.CURRENT_STANDARD:
            return self._current_head(key)
        if grouping is Grouping.PURPOSE:
            names = {row.code: Bilingual(row.name_zh, row.name_en) for row in self.taxonomy.purposes}
            return names.get(key, Bilingual(key))
        name = self.layout.names.get((grouping.value, key))
        if name is None and grouping is Grouping.PRODUCT and key in read_products():
            product = read_products()[key]
            return Bilingual(product.name_zh, product.name_en)
        return Bilingual(key) if name is None else name

    def knows_purpose(self, code: str) -> bool:
        """Whether the table of purposes has a code."""
        return any(row.code == code for row in self.taxonomy.purposes)

    def position(self, grouping: Grouping, keys: tuple[str, ...]) -> tuple[object, ...]:
        """Where a line stands: heads in the order of the official text, other keys by text, not mapped last."""
        if not keys:
            return ()
        current = [head.code for head in self.taxonomy.current.head]
        historical = [head.code for head in self.taxonomy.historical.head]
        order = {
            Grouping.HISTORICAL_STANDARD: historical,
            Grouping.CURRENT_STANDARD: [
                *current,
                *(f"{self.taxonomy.historical.code}:{head}" for head in historical),
            ],
        }.get(grouping, [])
        first = keys[0]
        place = order.index(first) if first in order else len(order) + (first == OUTSIDE)
        return (first == UNMAPPED, place, keys)

    def _current_head(self, key: str) -> Bilingual:
        standard, _, head = key.rpartition(":")
        if not standard:
            return _head(self.taxonomy.current, key)
        kept = label("statistics.outside") if head == OUTSIDE else _head(self.taxonomy.historical, head)
        zh = label("statistics.kept_head", standard=self.taxonomy.historical.code, head=kept.zh).zh
        en = label("statistics.kept_head", standard=self.taxonomy.historical.code, head=kept.en or kept.zh).en
        return Bilingual(zh, en)


def name_of_check(kind: CheckKind) -> Bilingual:
    """The name of a check."""
    return label(f"statistics_check.{kind.value}")


def _head(standard: Standard, code: str) -> Bilingual:
    names = {head.code: Bilingual(head.name_zh, head.name_en) for head in standard.head}
    return names.get(code, Bilingual(code))
