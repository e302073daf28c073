"""Finding a page, a service, a rental or a person by a few letters, from wherever one is.

Each part looks only among what whoever asks may see: what is not theirs is not found, whatever
they type. A part's cost does not grow with the number of rentals.
"""

from rentals.finding.found import Found, Group, Hit, find, wanted

__all__ = ["Found", "Group", "Hit", "find", "wanted"]
