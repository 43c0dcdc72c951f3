"""Effect models and exposure. Pure."""
