"""For tests of reports: the key figures of a document that are words where a workbook should hold a number."""

from flows.reports.document import Document, KeyFigures


def figures_in_words(document: Document) -> list[str]:
    """English names of the key figures that hold words."""
    return [
        figure.name.en
        for section in document.sections
        for block in section.blocks
        if isinstance(block, KeyFigures)
        for figure in block.figures
        if isinstance(figure.value, str)
    ]
