"""Where runs are carried out: one file per executor."""
