"""Pictures of a codebook's memory: coding them, decoding them, choosing those that a picture is predicted from."""
