"""Runs wrk, the load generator, and reads what it says."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

CONNECTIONS: Final = 32
REQUESTS: Final = re.compile(r"(\d+) requests in")
RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
FAILED: Final = re.compile(r"Socket errors:|Non-2xx")


@dataclass(frozen=True)
class Load:
    """How many requests were answered, and how many a second."""

    requests: int
    rate: float


def run(url: str, seconds: int) -> Load:
    """32 keep-alive connections, each asking again as soon as it was answered; a failed request is an error."""
    argv = ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url)
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    requests, rate = REQUESTS.search(out), RATE.search(out)
    if not requests or not rate or FAILED.search(out):
        raise RuntimeError(f"{url} failed under load:\n{out}")
    return Load(int(requests[1]), float(rate[1]))


def check() -> None:
    """Leave, saying how to get it, if wrk is missing."""
    if not shutil.which("wrk"):
        sys.exit("make bench needs wrk: apt-get install wrk")
