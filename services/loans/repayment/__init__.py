"""How a loan is paid back: its terms, what changes them on the way, the schedule to the cent."""
