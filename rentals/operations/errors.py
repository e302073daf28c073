"""What a person asked for and can't have; the text is for that person."""


class RentalNotAllowed(Exception):
    """A rental that was not requested: nothing was written and nothing was sent."""


class NotPossible(Exception):
    """An action that the rental's state rules out: nothing changed."""
