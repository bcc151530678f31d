"""The bytes of a settings file that a person wrote, however their editor saved it."""

import codecs
from pathlib import Path

from services.runtime.errors import InvalidInput


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
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}, expected {expected}") from None
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput.of(
            str(path),
            f"line {line}: found text that is not UTF-8, such as GBK; save the file as UTF-8 (请另存为 UTF-8)",
        ) from None
    return content
