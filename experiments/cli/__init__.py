"""The command line: it parses options, calls the session and prints."""
