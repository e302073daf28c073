"""What an operation of this application may say no with. The text is in a person's words."""


class NotPossible(Exception):
    """Nothing was changed."""
