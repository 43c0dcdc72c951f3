"""Time limits: units, working calendars, clocks that pause, and why a deadline is what it is."""
