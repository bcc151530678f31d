"""What loans are for: purposes, and the heads under which each standard counts them; read from an editable table.

Two standards stand side by side. A loan that was approved before the current one was published, and not drawn by
then, keeps the historical one. Rows of the table are dated, so that a later reading of the catalogue does not change
quarters that ended before it.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from services.runtime.errors import FieldViolation, InvalidInput

MAX_CODE_CHARS = 64


class CarbonBenefit(StrEnum):
    """Whether what a loan pays for reduces carbon."""

    DIRECT = "direct"  # 直接碳减排效益
    INDIRECT = "indirect"  # 间接碳减排效益
    NONE = "none"


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head of a standard."""

    code: str
    name_zh: str
    name_en: str


class Standard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A standard of what counts as green.

    Attributes:
        code: short, such as "2025".
        published_on, in_force_from: of the official text.
        head: in the order of the official text.
        source, status: where it comes from and what is to be confirmed.
    """

    code: str
    name_zh: str
    name_en: str
    published_on: dt.date
    in_force_from: dt.date
    head: tuple[Head, ...]
    source: str
    status: str


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a loan is for.

    Attributes:
        code: as loans carry it.
        heads: code of a standard -> code of the head under which it counts; a standard that is absent does not
            know the purpose.
        carbon_benefit: whether it reduces carbon.
        valid_from: first day for which the row counts; absent means always. Of rows with one code the one with
            the latest day up to the end of the quarter counts.
        note: for people.
    """

    code: str
    name_zh: str
    name_en: str
    heads: Mapping[str, str]
    carbon_benefit: CarbonBenefit
    valid_from: dt.date = dt.date.min
    note: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mapping_is_confirmed: bool
    mapping_status_zh: str
    mapping_status_en: str
    standard: tuple[Standard, ...]
    purpose: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Both standards and the purposes.

    Attributes:
        historical, current: the two standards with the latest publication.
        purposes: every row, dated.
        mapping_is_confirmed: whether somebody compared the mapping with the official text.
        mapping_status_zh, mapping_status_en: who confirmed the mapping, or that nobody did.
        content_hash: SHA-256 of the table as read.
    """

    historical: Standard
    current: Standard
    purposes: tuple[Purpose, ...]
    mapping_is_confirmed: bool
    mapping_status_zh: str
    mapping_status_en: str
    content_hash: str

    def purposes_on(self, day: dt.date) -> dict[str, Purpose]:
        """The row of each purpose that counts on a day, by code."""
        rows = sorted((row for row in self.purposes if row.valid_from <= day), key=lambda row: row.valid_from)
        return {row.code: row for row in rows}


def read_taxonomy(path: Path) -> Taxonomy:
    """Reads the table of purposes.

    Raises:
        InvalidInput: file missing or wrong, naming every place.
    """
    try:
        content = path.read_bytes()
        file = msgspec.toml.decode(content, type=_File)
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
    standards = sorted(file.standard, key=lambda standard: standard.published_on)
    found = [*_standard_violations(standards), *_purpose_violations(file, standards)]
    if found:
        raise InvalidInput.from_violations(
            FieldViolation(f"{path}: {place}", message) for place, message in found
        )
    return Taxonomy(
        standards[-2],
        standards[-1],
        file.purpose,
        file.mapping_is_confirmed,
        file.mapping_status_zh,
        file.mapping_status_en,
        hashlib.sha256(content).hexdigest(),
    )


def _standard_violations(standards: list[Standard]) -> list[tuple[str, str]]:
    found = []
    codes = [standard.code for standard in standards]
    if len(codes) < 2 or len(set(codes)) < len(codes):
        found.append(("standard", f"found the codes {codes}, expected at least two, each once"))
    for standard in standards:
        heads = [head.code for head in standard.head]
        if not heads or len(set(heads)) < len(heads) or not all(map(_is_code, heads)):
            found.append((f"standard {standard.code}: head", f"found {heads}, expected each code once"))
    return found


def _purpose_violations(file: _File, standards: list[Standard]) -> list[tuple[str, str]]:
    heads = {standard.code: {head.code for head in standard.head} for standard in standards}
    found, seen = [], set()
    for row in file.purpose:
        place = f"purpose {row.code!r}"
        if not _is_code(row.code):
            found.append(
                (place, f"expected a code of 1 to {MAX_CODE_CHARS} characters without spaces around")
            )
        if (row.code, row.valid_from) in seen:
            found.append((place, f"is there twice from {row.valid_from}, expected once"))
        seen.add((row.code, row.valid_from))
        for standard, head in row.heads.items():
            if standard not in heads:
                found.append(
                    (f"{place}: heads", f"found the standard {standard!r}, expected {sorted(heads)}")
                )
            elif head not in heads[standard]:
                found.append((f"{place}: heads.{standard}", f"found {head!r}, expected one of its heads"))
    return found


def _is_code(code: str) -> bool:
    return 0 < len(code) <= MAX_CODE_CHARS and code == code.strip()
