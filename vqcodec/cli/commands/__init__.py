"""One module for each command: its help, and the calls that do its work."""
