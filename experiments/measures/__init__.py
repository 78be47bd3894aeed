"""Measures of finished runs beside the test score: one file per measure, which defines a function of its name."""
