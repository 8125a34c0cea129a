"""What is measured: an app that is served on a port of 127.0.0.1, by processes that are known."""

import http.client
import shutil
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).parent / "app"
PATIENCE: Final = 20.0


class Stack(ABC):
    """An app behind nginx. `project` is its own copy of the source, which deploys may edit."""

    def __init__(self, name: str, port: int, project: Path) -> None:
        self.name = name
        self.port = port
        self.project = project
        shutil.copytree(APP, project, ignore=shutil.ignore_patterns("__pycache__"))

    @abstractmethod
    def start(self) -> None:
        """Serve; return once `/` is answered."""

    @abstractmethod
    def stop(self) -> None:
        """End all of its processes, whatever state they are in."""

    @abstractmethod
    def roots(self) -> tuple[int, ...]:
        """The processes that all of its others descend from."""

    def url(self, path: str) -> str:
        """Where a page of it is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def release(self, number: int) -> None:
        """Change one line of the source, so that bodies name this release."""
        source = (APP / "guests.py").read_text()
        (self.project / "guests.py").write_text(source.replace("RELEASE = 1", f"RELEASE = {number}"))

    def break_source(self) -> None:
        """Change one line of the source, so that it can't be imported."""
        source = (APP / "guests.py").read_text()
        (self.project / "guests.py").write_text(source.replace("RELEASE = 1", "import a_module_that_is_not_there"))

    def wait(self) -> None:
        """Return once `/` is answered; raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} does not answer")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether `/` is answered with 200 now."""
        return self.get("/")

    def get(self, path: str) -> bool:
        """Whether a page is answered with 200 now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
