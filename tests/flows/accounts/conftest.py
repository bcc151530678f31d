"""A copy of the example folder that a test may spoil."""

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.accounts.folder import read_accounts
from services.runtime.errors import InvalidInput

EXAMPLE = Path(__file__).resolve().parents[3] / "data" / "example_accounts"
AS_OF = dt.date(2026, 8, 21)

Spoil = Callable[[str, str, str], None]
Refused = Callable[[], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example folder, copied."""
    target = tmp_path / "accounts"
    shutil.copytree(EXAMPLE, target)
    return target


@pytest.fixture
def spoil(folder: Path) -> Spoil:
    """Replaces a text that must be there in one of the files."""

    def replace(name: str, old: str, new: str) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def refused(folder: Path) -> Refused:
    """Reads the folder, which must be refused, and returns every problem as a line."""

    def read() -> list[str]:
        with pytest.raises(InvalidInput) as caught:
            read_accounts(folder, AS_OF)
        return [str(violation) for violation in caught.value.violations]

    return read
