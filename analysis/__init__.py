"""Metrics, statistics and representation similarity on plain arrays."""
