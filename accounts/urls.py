"""Addresses below a team's."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
