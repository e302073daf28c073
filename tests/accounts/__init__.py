"""Users, teams, provider accounts, and the door to the providers."""
