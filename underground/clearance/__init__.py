"""Exact clearances (净距) in 3D: gap, vertical, horizontal, cover; shapely never gives a height."""
