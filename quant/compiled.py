"""One way to compile a numeric function: cached on disk, without the interpreter lock, IEEE arithmetic as written."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """The function, compiled on its first call; it takes its arguments by position."""
    # numba's own annotations say Dispatcher; what comes back is called like the function.
    return cast("_Function", numba.njit(cache=True, nogil=True)(function))
