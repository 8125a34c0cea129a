"""Locks: how they are made, what is in them, and what they are known by."""

from pathlib import Path

import pytest

from uncork.model import Dependencies, Interpreter, Source
from uncork.plan import File, Link, Run, Step
from uncork.project.requirements import (
    environment_digest,
    local_paths,
    lock_steps,
    manifest_digest,
    requires,
    tidy,
    versions,
    without,
)

PYTHON = Interpreter("/usr/bin/python3", "3.11.2")
LOCK = """flask==3.1.0 \\
    --hash=sha256:aa
    # via -r /tmp/x/requirements.txt.in
pyuwsgi==2.0.30
    # via -r requirements.txt
werkzeug==3.1.0 ; python_version >= "3.9" \\
    --hash=sha256:bb
    # via
    #   Flask
    #   me (pyproject.toml)
-e ./libs/foo
    # via -r requirements.txt
"""


def steps(dependencies: Dependencies, constraints: Path | None = None) -> tuple[Step, ...]:
    return lock_steps(dependencies, Path("/project"), PYTHON, "/uv", Path("/locks/a.txt"), constraints)


def argv(dependencies: Dependencies, constraints: Path | None = None) -> tuple[str, ...]:
    (run,) = (step for step in steps(dependencies, constraints) if isinstance(step, Run))
    assert run.directory == Path("/project")
    assert run.why == "lock its dependencies"
    return run.argv


def test_a_requirements_file_is_compiled_where_it_is() -> None:
    found = argv(Dependencies(Source.REQUIREMENTS_IN, ("requirements.in", "base.in")))
    assert found[:3] == ("/uv", "pip", "compile")
    assert "--generate-hashes" in found
    assert found[found.index("--python") + 1] == PYTHON.path
    assert found[-1] == "requirements.in"


def test_a_uv_lock_is_exported_without_the_project_and_its_development_tools() -> None:
    found = argv(Dependencies(Source.UV_LOCK, ("uv.lock", "pyproject.toml")))
    assert found[:2] == ("/uv", "export")
    assert {"--frozen", "--no-dev", "--no-emit-project", "--no-editable"} <= set(found)


def test_what_is_for_another_machine_is_locked_for_its_python_and_platform_which_need_not_be_here() -> None:
    there = Interpreter("/usr/bin/python3.11", "3.11.2", "aarch64-manylinux_2_36")
    found = Dependencies(Source.REQUIREMENTS_IN, ("requirements.in",))
    *_, run, _ = lock_steps(found, Path("/project"), there, "/uv", Path("/locks/a.txt"))
    assert isinstance(run, Run)
    assert "--python" not in run.argv
    assert run.argv[run.argv.index("--python-platform") + 1] == "aarch64-manylinux_2_36"
    texts = {"requirements.in": "flask"}
    here = Interpreter("/usr/bin/python3.11", "3.11.2")
    assert manifest_digest(texts, found, there) != manifest_digest(texts, found, here)


def test_a_uv_lock_in_a_folder_is_exported_from_there() -> None:
    found = argv(Dependencies(Source.UV_LOCK, ("backend/uv.lock",)))
    assert found[found.index("--project") + 1] == "backend"


@pytest.mark.parametrize("source", [Source.PINNED, Source.PIPFILE_LOCK, Source.POETRY_LOCK])
def test_a_lock_that_needs_no_resolver_is_written_as_it_is(source: Source) -> None:
    (step,) = steps(Dependencies(source, ("x",), requirements=("flask==3.1.0 \\", "    --hash=sha256:aa")))
    assert isinstance(step, File)
    assert step.content == "flask==3.1.0 \\\n    --hash=sha256:aa\n"


def test_what_is_no_file_of_the_project_is_asked_for_from_a_file_beside_the_lock() -> None:
    file, *_ = steps(Dependencies(Source.IMPORTS, ("app.py",), requirements=("flask", "PyYAML")))
    assert file == File(Path("/locks/a.txt.in"), "flask\nPyYAML\n")
    assert argv(Dependencies(Source.IMPORTS, ("app.py",), requirements=("flask",)))[-1] == "/locks/a.txt.in"


def test_an_app_that_imports_nothing_has_an_empty_lock() -> None:
    file, *_ = steps(Dependencies(Source.IMPORTS, ()))
    assert isinstance(file, File)
    assert file.content == ""


def test_the_lock_appears_only_when_it_is_whole() -> None:
    found = steps(Dependencies(Source.PYPROJECT, ("pyproject.toml",)))
    assert found[-1] == Link(Path("/locks/a.txt"), ".a.txt.made")
    assert "/locks/.a.txt.made" in argv(Dependencies(Source.PYPROJECT, ("pyproject.toml",)))


def test_constraints_and_what_is_left_out_are_told_to_the_resolver() -> None:
    found = argv(Dependencies(Source.REQUIREMENTS_TXT, ("requirements.txt",), omit=("me",)), Path("/c.txt"))
    assert found[found.index("--constraints") + 1] == "/c.txt"
    assert found[found.index("--no-emit-package") + 1] == "me"


def test_the_versions_of_a_lock_are_known_by_normalised_names() -> None:
    lock = "Flask_Login==0.6\na @ https://example.org/a.whl\n./libs/b\n# c==1\n"
    assert versions(lock) == {"flask-login": "0.6", "a": "https://example.org/a.whl"}


def test_distributions_are_taken_out_with_their_hashes_and_comments() -> None:
    found = without(LOCK, ("Werkzeug", "pyuwsgi"))
    assert versions(found) == {"flask": "3.1.0"}
    assert "bb" not in found
    assert "me (" not in found


def test_a_tidy_lock_has_nothing_editable_and_no_path_of_this_machine() -> None:
    found = tidy(LOCK)
    assert "./libs/foo\n" in found
    assert "-e " not in found
    assert "/tmp/x" not in found
    assert tidy(found) == found


def test_folders_in_a_lock_are_named() -> None:
    assert local_paths(LOCK) == ("./libs/foo",)
    assert local_paths(tidy(LOCK)) == ("./libs/foo",)
    assert local_paths("flask==3.1.0\n") == ()


def test_the_comments_of_the_resolver_tell_who_requires_what() -> None:
    assert requires(LOCK) == {"flask": ("werkzeug",)}


def digest_of(lock: str, requires: tuple[str, ...] = ("a", "b"), sources: str = "") -> str:
    return environment_digest(lock, PYTHON, requires, sources)


def test_an_environment_is_named_by_what_is_in_it_and_not_by_comments() -> None:
    assert digest_of(LOCK) == digest_of(LOCK.replace("/tmp/x", "/tmp/y"), ("b", "a"))
    assert digest_of(LOCK) != digest_of(LOCK.replace("3.1.0", "3.1.1"))
    assert digest_of(LOCK) != digest_of(LOCK.replace("sha256:aa", "sha256:ab"))
    assert digest_of(LOCK) != digest_of(LOCK, ("a",))
    assert digest_of(LOCK) != digest_of(LOCK, sources="x")
    assert digest_of(LOCK) != environment_digest(LOCK, Interpreter(PYTHON.path, "3.11.3"), ("a", "b"))


def test_a_lock_is_kept_until_what_decides_it_changes() -> None:
    text = '[project]\nname = "x"\ndependencies = ["flask"]\n'
    found = Dependencies(Source.PYPROJECT, ("pyproject.toml",))
    before = manifest_digest({"pyproject.toml": text}, found, PYTHON)
    assert before == manifest_digest({"pyproject.toml": text + "[tool.ruff]\nline-length = 100\n"}, found, PYTHON)
    assert before != manifest_digest({"pyproject.toml": text.replace("flask", "bottle")}, found, PYTHON)
    assert before != manifest_digest({"pyproject.toml": text + '[tool.uv]\nindex-url = "x"\n'}, found, PYTHON)
    assert before != manifest_digest({"pyproject.toml": text}, found, Interpreter("/usr/bin/python3", "3.12.1"))


def test_a_traced_lock_is_kept_while_the_imports_are_the_same() -> None:
    found = Dependencies(Source.IMPORTS, ("app.py",), requirements=("flask",))
    assert manifest_digest({"app.py": "import flask"}, found, PYTHON) == manifest_digest(
        {"app.py": "import flask\nx = 1\n"}, found, PYTHON
    )


BROUGHT = ("uncork",)


def test_a_lock_that_is_there_loses_uncork_and_what_only_it_requires() -> None:
    lines = """click==8.3.0 \\
    --hash=sha256:aa
    # via
    #   flask
    #   uncork
flask==3.1.0
    # via -r requirements.in
jinja2==3.1.6
    # via
    #   -r requirements.in
    #   uncork
rich==14.0.0
    # via uncork
pygments==2.19.0
    # via rich
uncork==0.1.0
    # via -r requirements.in
""".splitlines()
    (step,) = steps(Dependencies(Source.PINNED, ("requirements.txt",), requirements=tuple(lines), brought=BROUGHT))
    assert isinstance(step, File)
    assert set(versions(step.content)) == {"click", "flask", "jinja2"}
    assert "--hash=sha256:aa" in step.content


def test_a_uv_lock_is_exported_without_uncork_and_what_only_it_requires() -> None:
    found = argv(Dependencies(Source.UV_LOCK, ("uv.lock",), brought=BROUGHT))
    assert found[found.index("--prune") + 1] == "uncork"


def test_the_resolver_is_told_never_to_take_uncork() -> None:
    dependencies = Dependencies(Source.REQUIREMENTS_TXT, ("requirements.txt",), brought=BROUGHT)
    file = steps(dependencies)[0]
    assert file == File(Path("/locks/a.txt.never"), "uncork ; python_version < '0'\n")
    found = argv(dependencies)
    assert found[found.index("--overrides") + 1] == "/locks/a.txt.never"
