"""Use cases of the grid: checking and making cells, schemes, calendars, cases, evaluation."""
