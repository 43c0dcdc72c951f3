"""Measures of the program against other programs and against fixed bounds.

Each benchmark is a module with ``measure(plan)`` and a command of its own, such as
``python -m benchmarks.point_in_cell``; ``python -m benchmarks`` runs them all, each in a process
of its own, and writes ``RESULTS.md`` and ``results.json``. See docs/performance.md.
"""
