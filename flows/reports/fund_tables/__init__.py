"""Tables and charts of a fund that more than one report shows: terms, classes of partners, cash, worlds."""
