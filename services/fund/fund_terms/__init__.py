"""Who takes part in a fund and how its cash is shared: terms, their sheets and their store."""
