"""Secrets of the installation that must outlive the keys of the keyring."""

from django.db import models


class SealedSecret(models.Model):
    """A random secret, sealed to its name; what it is for is its name."""

    name = models.CharField(primary_key=True, max_length=40)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return self.name
