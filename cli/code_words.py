"""Codes as people read them on the terminal: the Chinese word, and the code beside it where somebody must type it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from services.loans.statistics.result import Grouping
    from services.runtime.evidence import Source
    from services.runtime.market import MarketSnapshot

Words = Callable[[str], str]


def with_code(words: str, code: str) -> str:
    """Words and code, as in 水价 water_price; the one of them alone where there is no other."""
    return f"{words} {code}" if words and code and words != code else words or code


def coded(words: Words) -> Words:
    """The same words, each with its code."""
    return lambda code: with_code(words(code), code)


def group_words(grouping: "Grouping") -> Words:
    """What the keys of a grouping of loans are called: products, modes of guarantee.

    Raises:
        InvalidInput: a table of names in data/statistics or data/loans is missing or wrong.
    """
    from flows.reports.labels import label
    from flows.reports.statistics_workbook.names import Names
    from flows.statistics.job import read_tables

    names, unknown = Names(*read_tables()), label("portfolio_row.not_stated")
    return lambda key: names.of_key(grouping, key).zh if key else f"{unknown.zh} {unknown.en}"


def factor_words(snapshot: "MarketSnapshot") -> Words:
    """What the factors of a market are called; several taken together ("a + b") as well."""
    from flows.reports.factor_names import factor_names, name_of_factor

    names = factor_names(snapshot)
    return lambda code: name_of_factor(names, code).zh


def print_codes(what: str, words: Words, codes: Iterable[str]) -> None:
    """One line below a table that has no room for its codes; nothing where none has a name."""
    named = [with_code(words(code), code) for code in dict.fromkeys(codes) if words(code) != code]
    if named:
        click.echo(f"  {what}: {'；'.join(named)}")


def print_sources(about: str, sources: "Iterable[Source]") -> None:
    """Where the figures of a scenario come from, one a line."""
    from flows.reports.labels import label

    for source in sources:
        evidence = label(f"evidence.{source.evidence}")
        click.echo(f"  {about} [{evidence.zh} {evidence.en}] {source.citation}")
