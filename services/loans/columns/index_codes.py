"""Distinct indices of borrowers among many: lists of weights that are equal place by place get one number."""

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


def list_codes(lengths: Codes, elements: Codes) -> tuple[Codes, Codes]:
    """Number lists by their content.

    Args:
        lengths: of each list, [n].
        elements: codes >= 0 of all elements, list after list, [sum of lengths].

    Returns:
        The number of each list, in order of first appearance, [n]; and the first list of each number.
    """
    stops = np.cumsum(lengths)
    starts = stops - lengths
    codes = lengths.astype(np.int64)
    width = int(elements.max(initial=-1)) + 2
    for place in range(int(lengths.max(initial=0))):
        has = lengths > place
        element = np.zeros(len(lengths), dtype=np.int64)
        element[has] = elements[starts[has] + place] + 1
        # Numbered anew at every place, so that the product stays small.
        _, codes = np.unique(codes * width + element, return_inverse=True)
    return by_first_appearance(codes)


def by_first_appearance(codes: Codes) -> tuple[Codes, Codes]:
    """The same numbering in order of first appearance, and the first place of each number."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[inverse], np.asarray(first[order], dtype=np.int64)
