"""What a dataset is: the contract, its splits, its counts."""
