"""A folder for results, tried before the work is done whose results it is for."""

import tempfile
from pathlib import Path


def require_writable(folder: Path) -> None:
    """Make the folder if need be, and a file in it that vanishes at once.

    Raises:
        OSError: it cannot be made or written to; carries its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(folder)) from error
