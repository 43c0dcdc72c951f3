"""Alarms over observations of sensors, by the practice of ISA-18.2. Pure: no clock, no store.

The list of alarms is a function of the set of observations, the rules, the acts of people and the
time that is asked about; the order of delivery and repetitions change nothing. No limit ships with
the program: limits come with the rules of the enterprise, each with its source.
"""
