"""The words of the report on a grid of the fund."""

from flows.fund_scenarios.grid import FundVariant
from flows.reports.bilingual import Bilingual
from flows.reports.labels import label
from flows.reports.vocabulary import Vocabulary
from services.fund.fund_terms.terms import GRASSROOTS_ID, FundTerms, PartnerClass

WORDS = Vocabulary("fund_grid")


def variant_name(variant: FundVariant, *, many_settings: bool) -> Bilingual:
    """Term sheet and, where there are several, setting."""
    setting = variant.setting
    if not many_settings:
        return Bilingual(variant.terms.name, variant.sheet_id)
    zh, en = setting.label_zh or setting.name, setting.label_en or setting.name
    return Bilingual(f"{variant.terms.name} · {zh}", f"{variant.sheet_id} · {en}")


def recipient_name(terms: FundTerms, recipient_id: str) -> Bilingual:
    """Name of a class of partners, of the grass roots, or of a partner."""
    if recipient_id == GRASSROOTS_ID:
        return label("row.grassroots")
    if recipient_id in tuple(PartnerClass):
        return label(f"partner.{recipient_id}")
    named = (partner.name for partner in terms.partners if partner.partner_id == recipient_id)
    return Bilingual(next(named, recipient_id))
