"""Full-width letters, digits and signs, as a Chinese keyboard types them, in the width that they stand for."""

_ONE_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def in_one_width(text: str) -> str:
    """A figure, date or unit as it would be typed without a Chinese keyboard; nothing else is changed.

    >>> in_one_width("１，２３４．５")
    '1,234.5'
    """
    return text.translate(_ONE_WIDTH).strip()
