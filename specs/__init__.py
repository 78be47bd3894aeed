"""What a run is, as plain frozen data: tasks, recipes, run specs, expressions, registries."""
