"""What is held and not used is named, and nothing that may be."""

from uncork.project.unused import never_imported, unused

REQUIRES = {"Flask": ("Jinja2", "click"), "jinja2": ("MarkupSafe",), "pandas": ("numpy",)}


def test_what_no_import_leads_to_can_be_removed() -> None:
    held = ("Flask", "Jinja2", "click", "MarkupSafe", "pandas", "numpy", "PyYAML")
    assert never_imported(held, ("flask", "yaml"), REQUIRES) == ("numpy", "pandas")


def test_drivers_and_what_installs_others_are_never_named() -> None:
    held = ("flask", "psycopg2-binary", "python-dotenv", "pip", "setuptools", "email-validator")
    assert never_imported(held, ("flask",), {}) == ()


def test_a_distribution_that_stands_for_another_is_used() -> None:
    held = ("opencv-python", "pycrypto", "PyJWT", "python-slugify", "psycopg2")
    assert never_imported(held, ("cv2", "Crypto", "jwt", "slugify", "psycopg2"), {}) == ()


def test_what_an_environment_holds_beyond_a_lock_is_unused() -> None:
    assert unused(("Flask", "pip", "ruff"), ("flask",)) == ("ruff",)
