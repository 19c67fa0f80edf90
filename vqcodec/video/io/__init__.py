"""Video in and out: y4m, files that FFmpeg reads and writes, folders of pictures, arrays."""
