"""The decoder's filters of finished speech: equalizer, pitch filter, post-filter."""
