"""Reading delivered files into columns: one reader per format, chosen by content and name.

Everything here looks at bytes that a stranger may have written. The readers run in a
confined child process (``cityops.jobs.sandbox``); the rest of the program sees only the
:class:`~cityops.services.reading.table.RawTable` that they hand back.
"""
