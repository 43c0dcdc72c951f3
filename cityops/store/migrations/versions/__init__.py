"""One module per schema version, in order of their numbers."""
