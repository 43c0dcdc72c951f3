"""Domino effects: which other sources a first event may set off, and which lifelines lie in reach.

Thresholds are rows with source and confidence; where there is none the answer is unknown. Pipes come
through a port that another domain fills.
"""
