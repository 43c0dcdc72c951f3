"""Effect models and exposure. Pure: no clock, no store, no network.

Each model is a module of its own with a `HazardModel` that names formula, edition, source and
range; `hazards.registry` lists them. Outside its range a model refuses or warns, it never
extrapolates silently. Every result is a screening estimate.
"""

#: What every result says of itself.
SCREENING_ZH = "筛查估算"
SCREENING_EN = "screening estimate"
