"""The networks behind the backbones, and their contract."""
