"""Loading weights into a backbone: the contract of initializers, and strict loading."""
