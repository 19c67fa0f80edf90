"""Video files in and out: y4m, ffmpeg, Matroska, texts."""
