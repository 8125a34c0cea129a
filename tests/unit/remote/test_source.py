"""What of a project goes to machines: a certificate to those that answer HTTPS by themselves, else to the balancer."""

from pathlib import Path

import pytest

from uncork.remote.source import source
from uncork.workflows.up import UpOptions

BALANCER = '[targets.live.balancer]\nhost = "lb"\n'


@pytest.mark.parametrize(("balancer", "sent"), [("", True), (BALANCER, False)])
def test_a_key_goes_to_no_machine_behind_a_balancer(tmp_path: Path, balancer: str, *, sent: bool) -> None:
    said = f'tls = {{ cert = "shop.pem", key = "shop.key" }}\n[targets.live]\nhosts = ["web1"]\n{balancer}'
    texts = {"uncork.toml": said, "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
    for name, text in {**texts, "requirements.txt": "flask\n", "shop.pem": "x", "shop.key": "x"}.items():
        (tmp_path / name).write_text(text)
    found = source(tmp_path, UpOptions(target="live"))
    assert ("shop.key" in {item.name for item in found.files}) is sent
