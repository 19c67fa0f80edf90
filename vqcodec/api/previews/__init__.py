"""Small pictures of what files hold, for file managers and notebooks."""
