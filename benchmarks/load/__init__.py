"""Load: what the program bears, measured on stores and services of full size."""
