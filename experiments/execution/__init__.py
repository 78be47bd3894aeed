"""Carrying out many runs: planner, executors, queues, workers, status."""
