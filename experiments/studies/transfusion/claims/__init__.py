"""The claims of Transfusion, a file for each."""
