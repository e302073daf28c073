"""The one error of starting up: its text is a whole sentence for the person at the terminal."""


class StartError(Exception):
    """Something that must be put right before the servers can start."""
