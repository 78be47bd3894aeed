"""Runs, plans, tables and the command line."""
