"""Flask: HTTP interfaces, pages and the map."""
