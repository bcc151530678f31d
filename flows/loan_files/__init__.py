"""Files of a core banking system: loans, positions and movements as CSV, XLSX or Parquet, read or refused whole."""
