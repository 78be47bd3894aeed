"""Combining tensors of several sources in one backbone."""
