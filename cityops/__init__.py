"""The application: settings, store, services, jobs, command line."""

__version__ = "0.1.0"
