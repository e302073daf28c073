"""What `manage.py doctor` checks: each gives a few words, or raises Problem with what to do."""

from collections.abc import Callable, Iterator
from functools import partial

import redis
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import ProviderAccount
from accounts.operations import check
from accounts.operations.errors import NotPossible
from accounts.operations.resealing import every_seal
from accounts.secrets.keyring import KeyringError, keyring
from accounts.secrets.sealing import SealBroken, key_id, unseal

type Check = Callable[[], str]


class Problem(Exception):
    """What a check found; its text says what to do."""


_more: list[tuple[str, Check]] = []


def register(name: str, check: Check) -> None:
    """Add a check of another application, which imports this one and not the other way round."""
    _more.append((name, check))


def checks(*, providers: bool = False) -> Iterator[tuple[str, Check]]:
    """Each check with its name, in the order in which one needs the other."""
    yield "database", database
    yield "migrations", migrations
    yield "redis", redis_answers
    yield "keyring", keyring_opens
    yield "public_url", public_url
    yield from _more
    if providers:
        yield from _provider_checks()


def proved(
    prove: Callable[[], list[str]],
    *,
    right: str,
    unread: str,
    waiting: Callable[[], int] = lambda: 0,
    later: str = "",
) -> str:
    """Check sums against what they are the sums of, for an application's own check.

    `prove` gives what is wrong, in words; these are the Problem. Where there is nothing, the
    answer is `right`, with how many are `waiting` to be done `later`. `unread` is the Problem
    where the database can't be asked.
    """
    try:
        found, left = prove(), waiting()
    except DatabaseError as error:
        raise Problem(unread) from error
    if found:
        raise Problem("; ".join(found))
    return f"{right}, {left} {later}" if left else right


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return f"PostgreSQL {cursor.fetchone()[0]}"
    except DatabaseError as error:
        raise Problem(_line(error)) from error


def migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, CommandError) as error:
        raise Problem(_line(error)) from error
    if pending:
        raise Problem(f"{len(pending)} are to be applied: run migrate.")
    return "none to apply"


def redis_answers() -> str:
    try:
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2, decode_responses=True
        )
        with client:
            info = client.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        raise Problem(f"It does not answer at REDIS_URL: {_line(error)}") from error
    return str(info.get("valkey_version") or info.get("redis_version") or "")


def keyring_opens() -> str:
    """Every sealed value opens; says how many are sealed with an older key."""
    total, older, broken = 0, 0, 0
    try:
        current = keyring().current
        for each in every_seal():
            total += 1
            try:
                unseal(each.value, place=each.place)
                older += key_id(each.value) != current
            except SealBroken:
                broken += 1
    except (KeyringError, DatabaseError) as error:
        raise Problem(_line(error)) from error
    if broken:
        raise Problem(
            f"{broken} of {total} sealed values don't open. Put back the keyring they were "
            "sealed with."
        )
    return f"opens {total} sealed values" + (
        f", {older} with an older key: run rotate_keyring" if older else ""
    )


def public_url() -> str:
    """Webhooks come to this address."""
    if not settings.PUBLIC_URL.startswith(("http://", "https://")):
        raise Problem("PUBLIC_URL must begin with http:// or https://.")
    return str(settings.PUBLIC_URL)


def _provider_checks() -> Iterator[tuple[str, Check]]:
    try:
        accounts = list(ProviderAccount.objects.filter(archived_at__isnull=True).order_by("pk"))
    except DatabaseError:
        return  # the check of the database has said so
    for account in accounts:
        yield f"provider_account:{account.pk}", partial(_balance, account)


def _balance(account: ProviderAccount) -> str:
    try:
        read = check(account=account, now=timezone.now())
    except NotPossible as error:
        raise Problem(_line(error)) from error
    return f"{read.amount} {account.currency}"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
