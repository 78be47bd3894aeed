"""The networks that get initialized."""
