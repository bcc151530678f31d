"""Chinese on a machine without Chinese fonts: the bundled face for charts, and a small subset of it for pages."""

import base64
import importlib.metadata
import io
from collections.abc import Iterable
from pathlib import Path

from services.runtime.errors import FailedPrecondition

FONT_PACKAGE = "mplfonts"
FONT_FILE = "mplfonts/fonts/NotoSansCJKsc-Regular.otf"
# Always in the subset, so that figures and marks look the same in every report.
_ALWAYS = "".join(chr(code) for code in range(0x20, 0x7F)) + "·—–−×≥≤≈…“”‘’（）、，。：；％²³₂"
# Layout tables that a page of horizontal text does without; they are most of the size.
_LEFT_OUT = ["GPOS", "GSUB", "vhea", "vmtx", "VORG", "BASE", "DSIG"]


def chinese_font_path() -> Path:
    """The Noto Sans CJK SC face that the package mplfonts carries.

    The package is asked for the file, never imported: importing it changes matplotlib's configuration.

    Raises:
        FailedPrecondition: if the package or the file is not installed.
    """
    try:
        path = Path(str(importlib.metadata.distribution(FONT_PACKAGE).locate_file(FONT_FILE)))
    except importlib.metadata.PackageNotFoundError:
        raise FailedPrecondition(
            f"package {FONT_PACKAGE}: not installed, expected for its Chinese font"
        ) from None
    if not path.is_file():
        raise FailedPrecondition(f"{FONT_FILE}: not in package {FONT_PACKAGE}, expected the Chinese font")
    return path


def subset_font(texts: Iterable[str]) -> bytes:
    """The face with only the characters of some texts, as WOFF.

    Characters that the face does not have are left out; the browser looks for them elsewhere. The same characters
    give the same bytes.
    """
    # Only a report needs it; the package carries no types.
    from fontTools import subset  # type: ignore[import-untyped]  # noqa: PLC0415

    options = subset.Options(flavor="woff", layout_features=[], hinting=False, recalc_timestamp=False)
    options.drop_tables = [*options.drop_tables, *_LEFT_OUT]
    options.notdef_outline = True
    font = subset.load_font(str(chinese_font_path()), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted({ord(character) for text in [_ALWAYS, *texts] for character in text}))
    subsetter.subset(font)
    content = io.BytesIO()
    subset.save_font(font, content, options)
    return content.getvalue()


def as_data_uri(content: bytes, media_type: str) -> str:
    """Content as an address that needs no network."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
