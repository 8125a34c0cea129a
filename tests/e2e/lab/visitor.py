"""A visitor on a machine itself, whom no cable matters to: asks for its front page again and again."""

import json
import sys
import time
import urllib.request
from pathlib import Path

COUNTED = "/run/visitor.json"


def main(host: str) -> None:
    """Ask until somebody ends it, and write down how often, by what was answered."""
    seen: dict[str, int] = {}
    while True:
        request = urllib.request.Request("http://127.0.0.1/", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                told = f"{answer.status}"
        except OSError as error:
            told = str(error)
        seen[told] = seen.get(told, 0) + 1
        Path(COUNTED).write_text(json.dumps(seen))
        time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1])
