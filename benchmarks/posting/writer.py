"""Books in a wallet: as many as each line that it reads says; answers with how many failed yet."""

import sys

import django


def main(wallet_id: int, name: str) -> None:
    django.setup()
    from django.db import Error, transaction

    from benchmarks.posting.entry import charge
    from ledger import book

    booked, failed = 0, 0
    print(failed, flush=True)  # noqa: T201 - the other side waits for it
    for line in sys.stdin:
        for _ in range(int(line)):
            booked += 1
            try:
                with transaction.atomic():
                    book.post(charge(wallet_id, f"crowd-{name}-{booked}"))
            except Error as error:
                failed += 1
                print(error, file=sys.stderr)  # noqa: T201
        print(failed, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
