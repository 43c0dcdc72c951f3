"""Adapters that keep records, layers and files."""
