"""The 1997 sharing scheme of the Heihe as it was published: the release at Zhengyixia for an inflow at Yingluoxia.

`quant.market.sharing_scheme` says what follows; the standard snapshot holds the result, which a test compares with
this file. Wetter is not safer: the entitlement of the middle reach is flat in dry years and falls in wet ones, because
above the last knot 1.2105 is due downstream for each unit that flows in.
"""

import csv
from pathlib import Path

from quant.market.piecewise import PiecewiseLinear
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput

SCHEME_PATH = BUNDLED_DATA / "heihe_allocation_1997.csv"
_INFLOW, _RELEASE = "yingluoxia_inflow_1e8_m3", "zhengyixia_release_1e8_m3"


def read_release(path: Path = SCHEME_PATH) -> PiecewiseLinear:
    """The release due at Zhengyixia as a function of the inflow, both ends going on with their last slope.

    Raises:
        InvalidInput: if the file is missing or a row is wrong, naming the line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InvalidInput.of(str(path), "no such file, expected the sharing scheme of 1997") from None
    points: list[tuple[float, float]] = []
    for number, row in enumerate(csv.DictReader(lines), start=2):
        try:
            points.append((float(row[_INFLOW]), float(row[_RELEASE])))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput.of(
                f"{path}, line {number}",
                f"{type(error).__name__} {error}, expected numbers in {_INFLOW} and {_RELEASE}",
            ) from None
    knots, values = zip(*sorted(points), strict=True)
    inside = PiecewiseLinear(knots, values).slopes()
    return PiecewiseLinear(knots, values, left_slope=inside[1], right_slope=inside[-2])
