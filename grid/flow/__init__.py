"""The workflow engine: states, one table of transitions with guards, one mover, clocks, history."""
