"""Limits of standards as data: rows with clause, edition and confidence, replaceable by checked copies."""
