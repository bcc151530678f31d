"""Small pieces of the appraisal's sections: its words, whether a figure rests on an assumption."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.document import Mark
from flows.reports.vocabulary import Vocabulary

APPRAISAL = Vocabulary("appraisal")
chapter, heading = APPRAISAL.chapter, APPRAISAL.heading


def mark_of(appraisal: PledgeAppraisal) -> Mark:
    """How the figures that follow from the valuation are marked: one assumption behind it marks them all."""
    return Mark.ASSUMPTION if appraisal.valuation.assumptions else Mark.PLAIN
