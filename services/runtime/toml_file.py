"""A TOML file that a person wrote, however their editor saved it: its bytes, or its content in a form.

Messages name the file by its path as it was given, so that people recognise what they typed.
"""

import codecs
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from services.runtime.conversion_error import place_and_words
from services.runtime.errors import InvalidInput

T = TypeVar("T", bound=msgspec.Struct)
_POSITION = re.compile(r"line (\d+), column (\d+)")


def toml_bytes(path: Path, expected: str = "a TOML file") -> bytes:
    """The bytes of a file, known to be UTF-8, without the byte-order mark that some editors put first.

    Args:
        path: the file.
        expected: what the file should be, for the message.

    Raises:
        InvalidInput: the file cannot be read, or is not UTF-8: naming the file and the first line that is not.
    """
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise InvalidInput.of(
            str(path), f"cannot be read: {error.strerror}, expected {expected} (文件无法读取)"
        ) from None
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput.of(
            str(path),
            f"line {line}: found text that is not UTF-8, such as GBK; save the file as UTF-8 (请另存为 UTF-8)",
        ) from None
    return content


def toml_content(path: Path, expected: str = "a TOML file") -> Any:
    """The content of a file as plain tables and lists.

    Raises:
        InvalidInput: the file cannot be read, is not UTF-8 or is no TOML: with the line and column.
    """
    content = toml_bytes(path, expected)
    try:
        return msgspec.toml.decode(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInput.of(str(path), malformed(error)) from None


def malformed(error: Exception) -> str:
    """What is wrong with a file that is no TOML, and where."""
    found = _POSITION.search(str(error))
    where = "" if found is None else f"，见第 {found[1]} 行第 {found[2]} 列"
    return f"is not valid TOML: {error} (TOML 格式有误{where})"


def decode_toml(path: Path, form: type[T]) -> T:
    """The content of a TOML file in the form asked for.

    Raises:
        InvalidInput: the file is missing, is no TOML or has another form, with the place.
    """
    content = toml_bytes(path)
    try:
        return msgspec.toml.decode(content, type=form)
    except msgspec.ValidationError as error:
        where, words = place_and_words(error, msgspec.toml.decode(content))
        if not where and "unknown field" in words:
            # A file made for another command: what this one reads tells more than the field that it does not know.
            words += f", expected {', '.join(field.encode_name for field in msgspec.structs.fields(form))}"
        raise InvalidInput.of(f"{path}: {where}" if where else str(path), words) from error
    except msgspec.DecodeError as error:
        raise InvalidInput.of(str(path), malformed(error)) from error
