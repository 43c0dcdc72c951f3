"""Long work outside a request: queue, worker, progress, cancel."""
