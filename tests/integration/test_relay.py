"""Between a deploy in a process of its own and who listens to it."""

import os
from pathlib import Path

import pytest

from uncork.layout import Layout
from uncork.workflows import relay
from uncork.workflows.journal import opened
from uncork.workflows.up import UpOptions


class Late:
    """Says `stop` once it has heard that the deploy is over, and is gone."""

    def __init__(self) -> None:
        self.says, self._said = os.pipe()

    def tell(self, line: bytes) -> None:
        """Hear a line."""
        if b"error" in line:
            os.write(self._said, relay.STOP + b"\n")
            os.close(self._said)


def test_who_stops_a_deploy_that_is_over_ends_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout, listener = Layout(tmp_path, tmp_path / "run"), Late()
    monkeypatch.setattr(relay, "up", lambda *_: os._exit(3))
    try:
        with opened(layout, "shop") as journal:
            assert relay.deploy(layout, UpOptions(), journal, listener, lambda error: {"problem": str(error)}) == 3
    finally:
        os.close(listener.says)
