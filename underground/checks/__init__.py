"""Checks of a delivery: every fault by row and place, with an offer of repair; nothing is changed."""
