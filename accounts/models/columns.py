"""The columns of a list that somebody does not want to see."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.users import User


class HiddenColumns(models.Model):
    """Hidden ones and not shown ones, so that a new column is seen."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    listing = models.CharField(max_length=40)  # a word of accounts.pages.columns
    names = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "listing"], name="one_choice_of_columns_a_list")
        ]

    def __str__(self) -> str:
        return f"{self.listing}: {', '.join(self.names)}"
