"""What a finished table tells beside its scores: a file for each kind of block, which gathers, says and draws it."""
