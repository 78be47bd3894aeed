"""Volumes as slices: which cases there are, which slices they give, and how masks of slices become volumes again."""
