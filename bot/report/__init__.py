"""Values made readable: terminal tables, Markdown, CSV."""
