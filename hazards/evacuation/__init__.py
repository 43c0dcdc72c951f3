"""Evacuation: roads that avoid a zone, people to shelters, and how long that takes at best and worst.

`noding` makes a network of roads cut at the zone's edge, `routes` finds ways in it, `transport` gives
people to shelters, `clearance` bounds the time, `plan` does all of it. Pure, in metres of one plane.
"""
