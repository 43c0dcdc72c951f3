"""Audit of pipes against rules: clearance, crossing, stacking, order, cover; tile by tile."""
