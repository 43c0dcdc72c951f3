"""Hazard models on the data of a city: runs, what they reach, and who may see them."""
