"""Parts of measures: how they are computed, cached and checked."""
