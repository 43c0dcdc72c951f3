"""Surveys as delivered (普查成果): points and lines, untouched, with what was understood beside them."""
