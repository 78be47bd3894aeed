"""A Systematic Benchmarking Analysis of Transfer Learning for Medical Image Analysis (Hosseinzadeh Taher 2021)."""
