"""This PC: what it is asked about itself, and what is set on it, on Windows and on Linux."""
