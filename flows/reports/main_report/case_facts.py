"""What the tables and charts of the cases ask of one appraisal."""

from flows.published_cases.appraisal import CaseAppraisal
from flows.reports.bilingual import Bilingual
from flows.reports.labels import label
from services.runtime.vocabulary.names import status_zh
from services.valuation.valuation import Failure, SizedLoan, Valuation


def name_of(appraisal: CaseAppraisal) -> str:
    """Number and place: "C13 湖北郧西"."""
    return f"{appraisal.case_id} {appraisal.mapping.case.place}"


def valuation_of(appraisal: CaseAppraisal) -> Valuation | None:
    """The value of the pledge, None where there is none."""
    pledge = appraisal.pledge
    return pledge.valuation if pledge is not None and isinstance(pledge.valuation, Valuation) else None


def sized_of(appraisal: CaseAppraisal) -> SizedLoan | None:
    """The limits, None where there are none."""
    pledge = appraisal.pledge
    return pledge.sized if pledge is not None and isinstance(pledge.sized, SizedLoan) else None


def limit_of(appraisal: CaseAppraisal) -> float | None:
    """What may be lent, CNY."""
    return None if appraisal.pledge is None else appraisal.pledge.limit_cny


def published_size_limit(appraisal: CaseAppraisal) -> float | None:
    """What may be lent, CNY; None also where the size of the pledge was assumed and the limit only illustrates."""
    return None if appraisal.mapping.is_illustrative else limit_of(appraisal)


def value_is_assumed(appraisal: CaseAppraisal) -> bool:
    """Whether the value rests on an input of the case that was not published, or on a term of the catalogue."""
    valuation = valuation_of(appraisal)
    return valuation is not None and (
        bool(valuation.assumptions) or any(missing.asset_field for missing in appraisal.mapping.missing)
    )


def limit_is_assumed(appraisal: CaseAppraisal) -> bool:
    """Whether the limit rests on an assumption: of the value, or of tenor, rate and grace of the loan."""
    return value_is_assumed(appraisal) or bool(appraisal.mapping.missing)


def why_no_value(appraisal: CaseAppraisal) -> Bilingual | None:
    """Why a case has no value or no limit; None where it has both."""
    if appraisal.pledge is None:
        return Bilingual(appraisal.mapping.note_zh, appraisal.mapping.note_en)
    for part in (appraisal.pledge.valuation, appraisal.pledge.sized):
        if isinstance(part, Failure):
            return Bilingual(f"{label('status.failed').zh}：{status_zh(part.code)}", part.message)
    return None
