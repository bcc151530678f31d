"""The distribution waterfall: terms as data, one interpreter in whole cents for one path and for many."""
