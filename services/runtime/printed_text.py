"""Which texts can be printed: names go into reports, spreadsheets and terminals as they came."""

import unicodedata

# Controls, line ends, halves of surrogate pairs, marks that nobody sees. Not refused: spaces of every width, and signs
# that Unicode got after this Python or that a bank made for a rare name (unassigned, private use).
_UNPRINTED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_LAST_OF_PLANE = 0xFFFE
_NO_CHARACTERS = range(0xFDD0, 0xFDF0)


def unprinted_character(text: str) -> str:
    """The first character of a text that cannot be printed, as its number "U+0007"; empty where all can."""
    if text.isprintable():
        return ""
    return next((f"U+{ord(sign):04X}" for sign in text if _is_unprinted(sign)), "")


def _is_unprinted(sign: str) -> bool:
    code = ord(sign)
    is_no_character = code & _LAST_OF_PLANE == _LAST_OF_PLANE or code in _NO_CHARACTERS
    return is_no_character or unicodedata.category(sign) in _UNPRINTED
