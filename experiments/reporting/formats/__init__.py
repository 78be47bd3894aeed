"""A finished table on the terminal and as CSV, LaTeX, Markdown and JSON, one file per format."""
