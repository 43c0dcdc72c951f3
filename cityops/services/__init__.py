"""Use cases, and the ports they need. No Flask, no SQLAlchemy."""
