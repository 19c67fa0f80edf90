"""Options of the commands, each declared once; those that belong together are dataclasses."""
