"""Reports: a document is a value (`document`); `html` and `workbook` render it; `main_report` writes the main job's."""
