"""Schemes are data: classes, filing and closing conditions, time limits by area, with edition and source."""
