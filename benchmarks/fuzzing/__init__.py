"""The kinds of input of `benchmarks.fuzz`: each module with a ``NAME`` and an ``attempt(generator, folder)`` is one."""
