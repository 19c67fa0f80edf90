"""Video: pictures in time, coded in groups that decode on their own."""
