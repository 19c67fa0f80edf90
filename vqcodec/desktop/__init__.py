"""The file types on a desktop: what freedesktop's programs and `file` have to know of them, put in place."""
