"""The board: cards, offers beside each other, what a member likes to rent, first steps."""
