"""Which static folders the front serves in place of the app."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.recipes.parts import LAYOUT
from tests.unit.recipes.parts import MACHINE as CAPACITY
from uncork.config import Config
from uncork.layout import MACHINE, Layout
from uncork.model import AppTarget, Dependencies, Project, Proof, Source
from uncork.recipes.build import Draft, site
from uncork.servers.uwsgi import Uwsgi
from uncork.serving import Static


def served(layout: Layout, *folders: str) -> list[str]:
    project = Project(AppTarget("shop", "app"), Dependencies(Source.IMPORTS, ()))
    draft = Draft(12, Config("shop"), project, Uwsgi(), CAPACITY, None, layout.app("shop"))
    proof = Proof(static=tuple(Static(f"/{n}/", folder) for n, folder in enumerate(folders)))
    return [folder.directory for folder in site(draft, proof).static]


OWN = ("/var/lib/uncork/apps/shop/venvs/1f/lib/python3.11/site-packages/flask_admin/static",)


def test_a_folder_of_the_release_is_named_by_the_link_that_the_next_one_takes() -> None:
    assert served(MACHINE, f"{MACHINE.app('shop').source(12)}/static") == [
        "/var/lib/uncork/apps/shop/live/source/static"
    ]


@pytest.mark.parametrize(
    "folder", ["/var/lib/uncork/apps/blog/releases/1/source", "/var/lib/uncork/apps/shop/../blog/releases", "/etc"]
)
def test_an_app_has_nginx_show_nothing_that_is_another_ones(folder: str) -> None:
    assert served(MACHINE, folder, *OWN) == list(OWN)


def test_where_one_account_serves_all_any_folder_is_served() -> None:
    assert served(replace(LAYOUT, home=Path("/srv")), "/srv/pictures") == ["/srv/pictures"]
