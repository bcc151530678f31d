"""The words of the assessment's sections."""

from flows.reports.vocabulary import Vocabulary

ASSESSMENT = Vocabulary("assessment")
chapter, heading = ASSESSMENT.chapter, ASSESSMENT.heading
