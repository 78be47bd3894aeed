"""A SLURM cluster: what is asked of it, what it says of jobs, and a planner's jobs on it."""
