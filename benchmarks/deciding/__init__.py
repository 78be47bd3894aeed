"""The parts of ``benchmarks.real_decisions``: worlds of finished runs, ways to choose an arm, counts and figures."""
