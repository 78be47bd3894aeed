"""What ``benchmarks.mutation`` is made of: mutants, the tests that concern them, and processes that try them."""
