"""Files of a core banking system: loans, positions, movements, pledges as CSV, XLSX or Parquet, whole or not at all."""
