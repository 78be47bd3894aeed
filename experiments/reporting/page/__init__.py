"""One HTML page for people, made from finished tables."""
