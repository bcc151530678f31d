"""The quarter's statistics: asked of the loans service, written as a workbook with its tables beside it."""
