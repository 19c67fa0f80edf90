"""Manual pages for `man`."""
