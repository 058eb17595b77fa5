"""A host that is killed: its ledger is kept, and it takes up where the last one was cut off.

`python -m benchmarks.kills.kept_host LEDGER TERMINALS` prints its port, and serves until it is killed or its standard
input ends.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from protocols.events import discard
from protocols.money import Money
from rigs.marketfile import load_market
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.opening import open_database
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, credit_profile

CARD, OPENING = "credit", Money(10**13)


def terminal_number(place: int) -> str:
    return f"5008{place:04d}"


def main(where: str, terminals: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        host = IssuerHost(
            market=load_market("unionpay-cn"), emit=discard, directory=Path(directory), database=open_database(where)
        )
        _, port = host.start()
        profile = credit_profile()
        for place in range(terminals):
            host.enrol_terminal(terminal_number(place), MERCHANT, MASTER_KEY)
        key = bytes.fromhex(profile.test_master_key)
        host.open_account(AccountSpec(CARD, PAN, profile.psn, profile.expiry, profile.pin, key, OPENING), kept=True)
        print(port, flush=True)
        sys.stdin.read()
        host.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
