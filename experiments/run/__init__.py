"""One run: where it finds things, what it is, how it is trained, tested and stored."""
