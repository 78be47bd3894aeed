"""From an initializer to a backbone: the contract and strict loading."""
