"""Dividing an area into unit grid cells along roads, water and parcels: no lattice, no building cut."""
