"""The parts of ``benchmarks.mutation``: mutants, the tests that concern them, and processes that try them."""
