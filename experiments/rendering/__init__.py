"""A finished table as text, CSV, LaTeX, Markdown and HTML, one file per format."""
