"""Words that stand in the report twice: in Chinese first, in English beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in two languages; `en` is empty where the Chinese stands alone, as a place name does."""

    zh: str
    en: str = ""

    def inline(self) -> str:
        """Both on one line, for places without room for two: "生态产品总值 · GEP"."""
        return f"{self.zh} · {self.en}" if self.zh and self.en else self.zh or self.en
