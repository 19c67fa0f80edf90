"""What a codebook holds for motion-compensated video, and how tables adapt within a group."""
