"""Does `holdfast issuer --admin` keep its memory while requests go by? `soak_issuer.py [SECONDS] [PER_SECOND]`

Terminals enrolled by the admin API pre-authorise and cancel at a steady rate, a follower of `/events` reads along, and
the resident memory of the process is read every ten seconds. The ledger grows, on disk, as ledgers do, and SQLite's
page cache with it until it is full (32 MiB).
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.simulators.issuer.client import RawClient  # noqa: E402
from tests.simulators.kit import MERCHANT  # noqa: E402
from tests.support.admin_api import Follower  # noqa: E402

TERMINALS = 4
KEY = "44" * 16


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def ask(address: tuple[str, int], method: str, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"}
    request = Request(f"http://{address[0]}:{address[1]}{path}", data, kind, method=method)
    with urlopen(request) as answer:
        return json.load(answer)


def trade(listening: tuple[str, int], number: str, per_second: float, until: float) -> None:
    """Pre-authorise and cancel, evenly spaced; each answer is waited for."""
    client = RawClient(listening)
    client.sign_on(terminal=number)
    due = time.monotonic()
    for turn in itertools.count():
        if time.monotonic() > until:
            break
        if turn % 2 == 0:
            asked = client.swiped(f41=number, f4="000000000100")
            held = client.ask(asked)
            assert held[39] == "00", held
        else:
            cancel = client.follow_up("cancel", {**asked, 13: held[13], 38: held[38]}, f41=number)
            assert client.ask(cancel)[39] == "00"
        due += 1 / per_second
        time.sleep(max(0.0, due - time.monotonic()))
    client.close()


def main(seconds: float, per_second: float) -> None:
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", "issuer", "--port", "0", "--admin", "127.0.0.1:0"],
            cwd=ROOT, stdout=log.open("w"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            while not (found := re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text())):
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            listening = ("127.0.0.1", int(found[1]))
            admin = ("127.0.0.1", int(re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())[1]))
            numbers = [f"6008{n:04d}" for n in range(TERMINALS)]
            for number in numbers:
                ask(admin, "POST", "/terminals", {"terminal": number, "merchant": MERCHANT, "test_master_key": KEY})
            follower = Follower(admin)
            threading.Thread(target=lambda: [None for _ in follower.lines()], daemon=True).start()
            print(f"before the first request: {resident_mb(process.pid):.1f} MB")
            until = time.monotonic() + seconds
            traders = [
                threading.Thread(target=trade, args=(listening, number, per_second / TERMINALS, until))
                for number in numbers
            ]
            for trader in traders:
                trader.start()
            started = time.monotonic()
            while time.monotonic() < until:
                time.sleep(min(10.0, max(0.0, until - time.monotonic())))
                status = ask(admin, "GET", "/status")
                print(
                    f"{time.monotonic() - started:6.0f} s  {resident_mb(process.pid):6.1f} MB  {status['requests']:8,} "
                    f"requests  {status['requests_per_s']:6.1f} /s  {status['refused']} refused  "
                    f"log {log.stat().st_size:,} bytes",
                    flush=True,
                )
            for trader in traders:
                trader.join()
        finally:
            process.terminate()
            print(f"ended with status {process.wait(20)}")


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(*(given + [300.0, 200.0][len(given) :]))
