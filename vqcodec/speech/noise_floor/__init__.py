"""The noise floor of pauses: what the encoder sends of it, and how the decoder fills speech up to it."""
