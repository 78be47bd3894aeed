"""Checks of this machine (`doctor`), of finished runs (`verify`), of recipes' sources and of generated pages."""
