"""Duplicates and recurrences: the same thing reported twice, and the same thing back again."""
