"""FFmpeg as a helper process: probe a file, read its frames and its sound, texts as FFmpeg writes them."""
