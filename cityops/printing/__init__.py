"""Documents on paper: typst templates, and the font that every document carries."""
