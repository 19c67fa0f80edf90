"""Where bytes come from and go to: sources, destinations, atomic writing, and what the first bytes say."""
