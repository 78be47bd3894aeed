"""Transfusion: Understanding Transfer Learning for Medical Imaging (Raghu et al. 2019)."""
