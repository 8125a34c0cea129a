"""A project's own snippets and templates: they hold from the next release on, and a broken one changes nothing."""

from pathlib import Path

import pytest

from tests.e2e.state import Uncork


@pytest.fixture
def own(project: Path) -> Path:
    """The folder for them in the project, which is as it was before each test."""
    folder = project / "uncork"
    folder.mkdir()
    return folder


def test_they_hold_from_the_next_release_on_and_plan_lists_them(shared: Uncork, own: Path) -> None:
    (own / "nginx.server.conf").write_text("location = /teapot {\n    return 418;\n}\n")
    (own / "uwsgi.ini").write_text("; of the project\nprocesses = 3\n")
    (own / "app.conf.j2").write_text(
        "{{ app.site.server_snippet | verbatim }}\n"
        "location = /named { return 200 {{ app.site.app }}; }\n"
        "location / { uwsgi_pass app_{{ app.site.app }}; }\n"
    )

    notes = str(shared.run("plan", str(own.parent), "--json").ok().json()["notes"])
    assert "uncork/nginx.server.conf is added to the config of nginx" in notes
    assert "uncork/uwsgi.ini is added to the config of uwsgi" in notes
    assert "uncork/app.conf.j2 is taken in place of uncork's own template for nginx" in notes
    shared.up(own.parent).ok()

    assert (shared.get("/teapot").status, shared.get("/named").text, shared.get().status) == (418, "hello", 200)
    assert len(shared.workers()) == 3
    shared.run("rollback").ok()
    assert (shared.get("/teapot").status, shared.get().status) == (404, 200)


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("nginx.server.conf", "no_such_directive on;\n", 3, "no_such_directive"),
        ("uwsgi.ini", "no-such-option = true\n", 3, "no-such-option"),
        ("uwsgi.ini.j2", "[uwsgi]\nchdir = {{ nobody }}\n", 2, "uncork/uwsgi.ini.j2:2"),
        ("app.conf.j2", "location / {\n{{ app.nothing }}\n}\n", 2, "uncork/app.conf.j2:2"),
        ("nginx.j2", "", 2, "uncork/nginx.j2 stands in place of no template"),
    ],
)  # fmt: skip
def test_a_broken_one_is_refused_before_the_switch(
    shared: Uncork, own: Path, name: str, text: str, code: int, said: str
) -> None:
    before = shared.release()
    (own / name).write_text(text)

    assert said in shared.up(own.parent).ended(code).said
    assert shared.release() == before
