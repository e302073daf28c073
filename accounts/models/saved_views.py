"""Filters of a page that somebody keeps under a name, for themselves or for their team."""

from django.db import models
from django.db.models.functions import Lower

from accounts.models.teams import Membership


class SavedView(models.Model):
    """An address and no more: whoever opens it sees of it what they may. It goes with its owner."""

    owner = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=40)  # a word of accounts.pages.saved_views
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)  # of the page's own parameters
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # It is kept a little longer, with what begins by it, so that it can come back.
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "owner",
                "page",
                Lower("name"),
                condition=models.Q(deleted_at__isnull=True),
                name="one_saved_view_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """What a page begins with for one person: a view of their own, or one shared with them."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="default_views"
    )
    page = models.CharField(max_length=40)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="default_of")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "page"], name="one_default_view_a_page")
        ]
