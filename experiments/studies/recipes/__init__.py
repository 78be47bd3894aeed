"""Recipes that several studies share: one file each."""
