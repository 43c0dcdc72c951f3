"""Unit grids, components, events and cases: codes, workflow, layers. Pure."""
