"""Train the tables of motion-compensated video."""
