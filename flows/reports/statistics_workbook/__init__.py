"""The quarter's workbook of green-loan statistics."""
