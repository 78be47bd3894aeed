"""The Python face of everything above one run."""
