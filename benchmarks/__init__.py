"""Benchmarks: speed as ratios to named peers measured in the same run, and how often decisions err. None is a test."""
