"""The icons of heroicons, each drawn once: a page has dozens, and the library copies and writes a
tree of nodes for every one of them."""

from functools import lru_cache

from django import template
from heroicons.templatetags import heroicons

register = template.Library()

for style in ("micro", "mini", "outline", "solid"):
    draw = getattr(heroicons, f"heroicon_{style}")
    register.simple_tag(lru_cache(maxsize=1024)(draw), name=draw.__name__)
