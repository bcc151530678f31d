"""A factor of a river against the place of the asset: elsewhere, on a tributary, on the river, unknown.

Places are those of the 1997 scheme of the Heihe and the map of Zhangye, not of the catalogue's own list.
"""

from dataclasses import replace

import pytest

from services.runtime.results import Caution, Severity
from services.valuation.asset import WaterRight
from services.valuation.pricers import PricingContext, price_in
from tests.services.valuation.pricers.conftest import MakeAsset

SCHEME = "allocation.heihe.irrigation"
RIGHT = WaterRight(1_000_000.0, 5.0, allocation_factor=SCHEME, cost_cny_per_m3=0.02)


def told(right: WaterRight, place: str, context: PricingContext, make_asset: MakeAsset) -> list[Caution]:
    """Cautions on the place."""
    priced = price_in(replace(make_asset(right), place=place), context)
    return [caution for caution in priced.cautions if caution.field == "place"]


@pytest.mark.parametrize(
    "place", ["浙江省杭州市", "黑龙江省黑河市", "江西赣州", "Hangzhou, Zhejiang", "Ganzhou, Jiangxi"]
)
def test_a_place_elsewhere_is_warned_of_with_factor_and_places(
    place: str, context: PricingContext, make_asset: MakeAsset
) -> None:
    [caution] = told(RIGHT, place, context, make_asset)
    assert (caution.code, caution.severity) == ("FACTOR_OF_ANOTHER_PLACE", Severity.WARNING)
    # Chinese readers read what the snapshot calls the factors, English readers what an asset file writes.
    for message, told_of in (
        (caution.message_zh, ("张掖", "黑河中游灌溉配水率", "黑河中游灌溉用水权单方收入")),
        (caution.message_en, ("Zhangye", SCHEME, "water_revenue.heihe.irrigation")),
    ):
        assert place in message
        assert all(words in message for words in told_of)
    assert SCHEME not in caution.message_zh


@pytest.mark.parametrize(
    "place",
    ["甘肃张掖民乐", "民乐县", "甘肃省张掖市山丹县", "肃南裕固族自治县", "Minle County, Zhangye", "shandan"],
)
def test_a_place_on_a_tributary_is_noted(place: str, context: PricingContext, make_asset: MakeAsset) -> None:
    [caution] = told(RIGHT, place, context, make_asset)
    assert (caution.code, caution.severity) == ("FACTOR_OF_MAIN_STEM", Severity.NOTE)
    assert "黑河中游灌溉配水率" in caution.message_zh
    assert place in caution.message_en


@pytest.mark.parametrize("place", ["甘州区", "甘肃张掖", "临泽县", "甘肃省张掖市高台县", "ZHANGYE", "", "  "])
def test_a_place_on_the_river_or_none_is_not_told(
    place: str, context: PricingContext, make_asset: MakeAsset
) -> None:
    assert told(RIGHT, place, context, make_asset) == []


def test_a_right_without_a_factor_of_the_river_may_lie_anywhere(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    assert told(replace(RIGHT, allocation_factor=""), "浙江省杭州市", context, make_asset) == []


def test_the_floor_of_the_river_alone_is_told(context: PricingContext, make_asset: MakeAsset) -> None:
    floor = replace(
        RIGHT, allocation_factor="", buy_back_factor="buy_back.heihe", buy_back_volume_m3_per_year=1e5
    )
    [caution] = told(floor, "浙江省杭州市", context, make_asset)
    assert "buy_back.heihe" in caution.message_en
    assert SCHEME not in caution.message_en
