"""The one catalogue of the reports' words: a key gives Chinese and English. Each kind of report may have a file."""

import functools
import tomllib
from pathlib import Path

from flows.reports.bilingual import Bilingual

CATALOGUE_PATHS = tuple(sorted(Path(__file__).parent.glob("labels*.toml")))


class MissingLabelError(LookupError):
    """A key that the catalogue does not have; a fault of the program, never of its input."""


@functools.cache
def catalogue() -> dict[str, Bilingual]:
    """All labels by key; read once, at first use.

    Raises:
        ValueError: if an entry is not a pair of texts, or a key stands in two files.
    """
    labels: dict[str, Bilingual] = {}
    for path in CATALOGUE_PATHS:
        for key, words in _read(path).items():
            if key in labels:
                raise ValueError(f"{path.name}, {key}: is in another file as well, expected each key once")
            labels[key] = words
    return labels


def _read(path: Path) -> dict[str, Bilingual]:
    labels: dict[str, Bilingual] = {}
    for group, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for name, pair in entries.items():
            if not (
                isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
            ):
                raise ValueError(f"{path.name}, {group}.{name}: found {pair!r}, expected [Chinese, English]")
            labels[f"{group}.{name}"] = Bilingual(*pair)
    return labels


def label(key: str, **values: str) -> Bilingual:
    """The words for a key such as "column.haircut", with {names} filled in.

    Raises:
        MissingLabelError: if the catalogue has no such key or the words want a value that is not given.
    """
    try:
        words = catalogue()[key]
        return Bilingual(words.zh.format(**values), words.en.format(**values)) if values else words
    except KeyError as error:
        raise MissingLabelError(f"label {key}: {error} is missing, expected it in labels*.toml") from None
