"""Alembic migrations of the store. Layer tables are not theirs: declarations make them."""
