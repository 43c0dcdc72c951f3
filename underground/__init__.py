"""Pipelines and what else lies under the streets. Pure."""
