"""What is asked of initializations: one folder per paper, one file per table or figure."""
