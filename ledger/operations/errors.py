"""What finance asked for and can't have; the text is for that person."""


class NotPossible(Exception):
    """Nothing was changed."""


class Decided(NotPossible):
    """Somebody else was first: look again."""
