"""Is everything in order? This machine, finished runs, generated pages."""
