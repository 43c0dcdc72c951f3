"""Deliveries into layers: columns to fields, coordinates to EPSG:4490, all or nothing.

``service`` is the use case; ``mapping``, ``values``, ``placing``, ``inferring`` and ``report``
are the steps, each a function from values to values.
"""
