"""Collects, or delivers, until it is killed. Run as a script.

python -m tests.integration.alerts.killed collect|deliver HOME PORT
"""

import os
import sys
import time
from pathlib import Path

from tests.integration.alerts.conftest import Shop, shop_in


def main(what: str, home: str, port: str) -> None:
    shop: Shop = shop_in(Path(home)).mailed_by(int(port))
    while True:
        shop.now += 1.0
        (shop.collect if what == "collect" else shop.deliver)()
        os.write(1, b".")
        time.sleep(0.001)


if __name__ == "__main__":
    main(*sys.argv[1:])
