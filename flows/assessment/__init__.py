"""The assessment of a place's ecosystem accounts over the years, beside its policy targets and its loans."""
