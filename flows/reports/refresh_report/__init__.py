"""The report of a refresh: page, workbook and tables, a summary for programs, an artifact for Prefect."""
