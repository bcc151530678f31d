"""The words of the fund's tables: who a recipient is, what an assumption says, a figure of a distribution."""

from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell
from flows.reports.document import Cell
from flows.reports.labels import label
from flows.reports.vocabulary import Vocabulary
from services.fund.fund_terms.terms import GRASSROOTS_ID, FundTerms, PartnerClass
from services.runtime.results import Distribution

FUND = Vocabulary("fund")
chapter, heading, title, text = FUND.chapter, FUND.heading, FUND.title, FUND.text
_MARKED = "假设 / assumption: "


def recipient_name(terms: FundTerms, recipient_id: str) -> str:
    """Name of a partner, or of the grass roots."""
    if recipient_id == GRASSROOTS_ID:
        return label("row.grassroots").inline()
    return next((p.name for p in terms.partners if p.partner_id == recipient_id), recipient_id)


def class_name(recipient_id: str) -> Bilingual:
    """Name of a class of partners, or of the grass roots."""
    if recipient_id == GRASSROOTS_ID:
        return label("row.grassroots")
    return label(f"partner.{PartnerClass(recipient_id)}")


def assumption_words(written: str) -> Bilingual:
    """Both languages of an assumption that is written "中文 / English", with or without "假设 / assumption:" first.

    Example:
        >>> assumption_words("R04: 假设 / assumption: 设施农业 / greenhouses").zh
        'R04：设施农业'
    """
    subject, marked, rest = written.partition(_MARKED)
    if marked:
        zh, _, en = rest.partition(" / ")
        before = subject.removesuffix(": ")
        return Bilingual(f"{before}：{zh}" if before else zh, en)
    zh, _, en = written.partition(" / ")
    return Bilingual(_unmarked(zh, "假设"), _unmarked(en, "assumption"))


def _unmarked(words: str, mark: str) -> str:
    return words.removeprefix(mark).lstrip(":： ") if words.startswith(mark) else words


def assumed_quantile(distribution: Distribution | None, probability: float) -> Cell:
    """A quantile, marked as resting on assumptions; nothing where there is no distribution."""
    return cell(None if distribution is None else distribution.quantile(probability), assumed=True)
