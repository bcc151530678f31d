"""From an appraisal to its document."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.account import account_section
from flows.reports.appraisal_report.comparables import comparables_section
from flows.reports.appraisal_report.drivers import drivers_section
from flows.reports.appraisal_report.inputs import inputs_section
from flows.reports.appraisal_report.limit import limit_section
from flows.reports.appraisal_report.rate import rate_section
from flows.reports.appraisal_report.record import replay_section, warnings_section
from flows.reports.appraisal_report.stress import stress_section
from flows.reports.appraisal_report.summary import summary_section
from flows.reports.appraisal_report.value import spread_section, value_section
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import words
from flows.reports.document import Document, Fact
from flows.reports.labels import label


def build_appraisal_document(appraisal: PledgeAppraisal) -> Document:
    """The document; the same appraisal gives the same document."""
    valuation, asset = appraisal.valuation, appraisal.asset
    name = words(asset.name or asset.asset_id)
    account = account_section(appraisal)
    facts = (
        Fact(label("cover.institution"), appraisal.institution_id),
        Fact(label("appraisal_manifest.valuation_id"), valuation.valuation_id),
        Fact(label("cover.snapshot"), appraisal.snapshot.snapshot_id),
        Fact(label("cover.snapshot_date"), appraisal.snapshot.as_of.isoformat()),
        Fact(label("cover.seed"), str(valuation.manifest.seed)),
    )
    return Document(
        Bilingual(
            label("appraisal.title", name=name.zh).zh,
            label("appraisal.title", name=name.en or asset.asset_id).en,
        ),
        label("appraisal.subtitle"),
        valuation.valuation_date,
        facts,
        tuple(Bilingual(f"{case.case_id} {case.place}：{case.source}") for case in appraisal.comparables),
        (
            summary_section(appraisal),
            inputs_section(appraisal),
            *((account,) if account is not None else ()),
            value_section(appraisal),
            spread_section(appraisal),
            drivers_section(appraisal),
            limit_section(appraisal),
            rate_section(appraisal),
            stress_section(appraisal),
            comparables_section(appraisal),
            warnings_section(appraisal),
            replay_section(appraisal),
        ),
    )
