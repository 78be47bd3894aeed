"""The claims of the benchmark paper and its slides, a file for each."""
