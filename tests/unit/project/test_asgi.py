import pytest

from uncork.config import Config
from uncork.errors import UsageError
from uncork.project.detect import detect

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def test_an_app_that_speaks_asgi_is_refused_where_it_is_made_with_what_could_be_done() -> None:
    with pytest.raises(UsageError, match=r"main\.py:3: app speaks ASGI \(fastapi\)") as refused:
        detect({"main.py": FASTAPI}, Config("shop", app="main:app"), {})
    assert "a2wsgi" in refused.value.fix


def test_one_that_is_wrapped_for_wsgi_is_served() -> None:
    text = f"import a2wsgi\n{FASTAPI}application = a2wsgi.ASGIMiddleware(app)\n"
    project = detect({"main.py": text}, Config("shop", app="main:application"), {})
    assert project.target.expression == "application"
