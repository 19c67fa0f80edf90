"""Sources and destinations of bytes, atomic writing, and the kind of a file by its first bytes."""
