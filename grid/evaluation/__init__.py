"""Evaluation: every count and rate declared once, composites with weights as data, lists behind."""
