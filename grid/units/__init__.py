"""Grids side by side: kinds with their own codes, validity, merge and split, crosswalk, checks."""
