"""A single run: where its data are, its identity and key, and how it is trained, tested and stored."""
