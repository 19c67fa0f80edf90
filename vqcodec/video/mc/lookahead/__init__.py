"""What the encoder finds out about the frames before it codes them."""
