"""How well rentals go: the share that brings a code and how long it takes, added up by day."""
