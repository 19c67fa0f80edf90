"""What the media share above the engines: what may be asked for, and reaching a target."""
