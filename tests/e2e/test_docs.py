"""The commands in the documentation, run from top to bottom as a reader would (CONTRIBUTING.md says by which rules)."""

import re
import shutil

import pytest

from tests.e2e.reader import REPOSITORY, Reader, sections, steps
from tests.e2e.state import EXAMPLES, Uncork, free_port

HOW_TO = sorted(str(page.relative_to(REPOSITORY)) for page in (REPOSITORY / "docs" / "how-to").glob("*.md"))
PAGES = sorted(
    str(page.relative_to(REPOSITORY)) for page in (*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"))
)
# The ports that pages speak of; a test has others.
DEFAULT_PORT = "8000"
OTHER_PORT = "8080"


class Local(Reader):
    """A reader whose home and port nobody else has."""

    def __init__(self, uncork: Uncork) -> None:
        self.home = uncork.home
        ports = {DEFAULT_PORT: str(uncork.port), OTHER_PORT: str(free_port())}
        super().__init__(uncork.root / "reader", {**uncork.environment(), "UNCORK_HOME": str(uncork.home)}, ports)

    def with_port(self, command: str) -> str:
        """The command with the test's ports; the first `uncork up` is told of one, which is kept from then on."""
        if not (self.home / "front" / "front.json").exists() and "--port" not in command:
            command = re.sub(r"^uncork up\b", f"uncork up --port {DEFAULT_PORT}", command)
        return self.ported(command)


@pytest.fixture
def reader(uncork: Uncork) -> Reader:
    reader = Local(uncork)
    shutil.copytree(EXAMPLES, reader.start / "examples", ignore=shutil.ignore_patterns("instance", "__pycache__"))
    return reader


@pytest.mark.parametrize("page", [p for p in ("README.md", "docs/tutorial.md", *HOW_TO) if sections(p)[0]])
def test_every_command_of_a_page_does_what_the_page_says(reader: Reader, page: str) -> None:
    reader.follow(sections(page)[0])


def test_the_chinese_readme_has_the_commands_of_the_english_one() -> None:
    english, chinese = ((REPOSITORY / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    assert list(steps(chinese)) == list(steps(english))
    assert list(steps(english))


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    path = REPOSITORY / page
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_index_leads_to_every_page() -> None:
    index = REPOSITORY / "docs" / "index.md"
    led_to = {(index.parent / link).resolve() for link in re.findall(r"\]\(([^)#:]+)", index.read_text())}
    pages = {REPOSITORY / page for page in PAGES if page.startswith("docs/")} - {index}
    assert pages - led_to == set()
