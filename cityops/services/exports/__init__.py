"""Layers out of the program as files: what a person may take, with notices of source."""
