"""What ``benchmarks.real_decisions`` is made of: worlds of finished runs, ways to choose an arm, counts and figures."""
