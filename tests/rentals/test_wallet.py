"""The wallet is read often enough to be true, and seldom enough to leave the limits to codes."""

from accounts.models import ProviderAccount
from rentals.operations import wallet
from tests.rentals.scene import Scene
from tests.rentals.times import Times


def test_many_rents_at_once_cost_one_read(each: Scene, times: Times) -> None:
    times.move(60)
    for _ in range(3):
        each.rented()
        wallet.read_balance(account=ProviderAccount.objects.get(pk=each.account.pk))
    assert each.asked("/balance") == 1
    assert each.account.pk not in wallet.accounts_with_moved_wallets(times.now())
    times.move(60)
    assert each.account.pk in wallet.accounts_with_moved_wallets(times.now())
    assert wallet.read_balance(account=ProviderAccount.objects.get(pk=each.account.pk))
    each.account.refresh_from_db()
    assert each.account.balance == each.wallet.balance
    assert each.account.pk not in wallet.accounts_with_moved_wallets(times.now())
