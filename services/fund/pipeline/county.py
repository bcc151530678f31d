"""Counties of Zhangye in what a project list writes about a place."""

CITY = "市本级"
COUNTIES = ("甘州区", "临泽县", "高台县", "山丹县", "民乐县", "肃南县")
_ALSO_WRITTEN = {"肃南裕固族自治县": "肃南县", "张掖经开区": CITY, "张掖市": CITY, "全市": CITY}


def counties_of(text: str) -> tuple[str, ...]:
    """The counties that a text names, each once, in the order of the list.

    The city itself, its offices and its economic development zone count as one.

    Example:
        >>> counties_of("甘州区、临泽县、高台县、民乐县林草局")
        ('甘州区', '临泽县', '高台县', '民乐县')
    """
    for written, meant in _ALSO_WRITTEN.items():
        text = text.replace(written, meant)
    return tuple(name for name in (*COUNTIES, CITY) if name in text)
