"""HTTP interfaces under ``/api/v1``, tiles and health."""
