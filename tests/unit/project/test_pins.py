"""Requirements files are read as pip reads them."""

from hypothesis import given
from hypothesis import strategies as st

from uncork.project.pins import entries, included, pin, requirements


def test_a_line_that_goes_on_is_one_entry_with_its_hashes() -> None:
    (entry,) = entries(
        "Flask==3.1.0 ; python_version > '3' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\n"
    )
    assert (entry.name, entry.version, entry.hashed) == ("flask", "3.1.0", True)
    assert entry.text == "Flask==3.1.0 ; python_version > '3'"
    assert len(entry.lines) == 4


def test_only_one_version_is_a_pin() -> None:
    text = """
a==1.0
b>=1
c
d==1.*
e==1,>0
f===2
g[x,y] == 3 ; os_name == "nt"
h @ https://example.org/h-1.0-py3-none-any.whl
i @ git+https://example.org/i@0123456789abcdef0123456789abcdef01234567
j @ git+https://example.org/j@main
./k
"""
    pinned = {e.name for e in entries(text) if e.pinned}
    assert pinned == {"a", "f", "g", "h", "i"}


def test_folders_are_local_and_the_project_is_itself() -> None:
    found = {
        e.text: (e.local, e.itself) for e in entries("-e .\n.[dev]\n./libs/a\n-e libs\nflask\n../b\n/c\n") if e.text
    }
    assert found["-e ."] == (True, True)
    assert found[".[dev]"] == (True, True)
    assert found["./libs/a"] == (True, False)
    assert found["flask"] == (False, False)
    assert found["../b"][0]
    assert found["/c"][0]


def test_included_files_stand_in_their_place() -> None:
    texts = {
        "requirements.txt": "-r requirements/base.txt\ngunicorn\n",
        "requirements/base.txt": "-c ../constraints.txt\nflask\n-r base.txt\n",
        "constraints.txt": "flask<4\n",
    }
    assert [e.name for e in requirements(texts, "requirements.txt") if e.name] == ["flask", "gunicorn"]
    assert included(texts, "requirements.txt") == ("requirements.txt", "requirements/base.txt", "constraints.txt")


def test_a_comment_ends_no_address() -> None:
    (entry,) = entries("a @ git+https://example.org/a@0123456789abcdef0123456789abcdef01234567#egg=a # ours\n")
    assert entry.version.endswith("#egg=a")


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_and_every_line_is_kept(text: str) -> None:
    kept = [line for entry in entries(text) for line in entry.lines]
    assert kept == text.splitlines()


def test_a_pin_is_read_back_as_it_was_written() -> None:
    (entry,) = entries(pin("Flask", "3.1.0", ("sha256:b", "sha256:a"), "os_name == 'posix'"))
    assert (entry.name, entry.version, entry.hashed, len(entry.lines)) == ("flask", "3.1.0", True, 3)
