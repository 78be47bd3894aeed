"""Planted worlds: is what is true by construction what the instrument says?"""
