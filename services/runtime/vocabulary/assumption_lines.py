"""An assumption as one line of a result: Chinese words, then " · " and the English that names it in files."""

from collections.abc import Sequence

from services.runtime.vocabulary.names import field_zh


def assumption_line(owner_zh: str, owner: str, figures: Sequence[tuple[str, str]], citation: str) -> str:
    """Figures of one owner that are assumptions.

    Args:
        owner_zh: what Chinese readers call it.
        owner: its code.
        figures: names of fields with their figures as text.
        citation: why, in English.
    """
    zh = "、".join(f"{field_zh(name)} = {figure}" for name, figure in figures)
    en = ", ".join(f"{name} = {figure}" for name, figure in figures)
    return f"{owner_zh}：{zh} · {owner}: {en} ({citation})"
