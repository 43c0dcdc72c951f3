"""Sections as data: across a line, and along a path; drawn as SVG, written as sheets."""
