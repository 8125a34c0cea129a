"""Apps that set up logging as the tutorials do are served, and told what is wrong with it."""

from pathlib import Path

from tests.e2e.state import Uncork, copied


def place(path: Path, text: str) -> str:
    """The file and the line of a text in a project's config.py."""
    lines = (path / "config.py").read_text().splitlines()
    return f"config.py:{next(n for n, line in enumerate(lines, 1) if text in line)}"


def test_handlers_of_the_projects_own_are_named_with_file_and_line_and_what_to_write(uncork: Uncork) -> None:
    tutorial = copied("tutorial", uncork.root / "tutorial")
    planned = uncork.run("plan", str(tutorial)).ok().said
    deployed = uncork.up(tutorial).ok().said
    for said in (planned, deployed):
        assert f"{place(tutorial, '= SMTPHandler(')}: SMTPHandler blocks the request" in said
        assert "write `server` and `admins` under [mail]" in said
        assert f"{place(tutorial, 'FileHandler(')}: FileHandler writes a file that uncork does not rotate" in said
    assert "logging.json" in planned
    assert uncork.get().text == "blog for production\n"


def test_a_file_handler_of_the_projects_own_writes_though_its_release_cannot_be_written_to(uncork: Uncork) -> None:
    tutorial = copied("tutorial", uncork.root / "tutorial")
    uncork.up(tutorial, "--env", "testing").ok()
    assert uncork.get().text == "blog for testing\n"
    app = uncork.home / "apps" / "tutorial"
    (own,) = app.rglob("testing.log")
    assert "somebody reads" in own.read_text()
    assert "INFO blog: somebody reads [id=" in (app / "logs" / "app.log").read_text()
