"""Planted worlds: pairs of a source and a target, drawn so that the right answer is known; a file for each world."""
