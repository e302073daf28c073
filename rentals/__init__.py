"""The catalogue, rentals and their messages: renting, polling, webhooks, live pages."""
