"""Users, teams and roles; provider accounts with their sealed keys; the one door to a provider."""
