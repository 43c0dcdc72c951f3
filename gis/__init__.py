"""Spatial core: reference systems, layers, geometry checks, R-trees, joins, tiles. Pure."""
