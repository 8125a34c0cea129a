"""Which folders the front may serve in a Flask app's place: asked of the real app, never more than it would send."""

import functools
from pathlib import Path

import pytest
from flask import Blueprint, Flask, Response

from uncork_runtime import prove


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("static", "admin/static", "admin/files"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def flask_app(root: Path, **options: object) -> Flask:
    return Flask("shop", root_path=str(root), **options)  # type: ignore[arg-type]


def blueprint(root: Path, name: str = "admin", **options: object) -> Blueprint:
    return Blueprint(name, "shop", root_path=str(root / "admin"), **options)  # type: ignore[arg-type]


def folders(app: Flask, root: Path) -> dict[str, str]:
    static = prove.describe(app, str(root))["static"]
    assert isinstance(static, list)
    return {one["url"]: str(Path(one["directory"]).relative_to(root)) for one in static}


def notes(app: Flask, root: Path) -> str:
    found = prove.describe(app, str(root))["notes"]
    assert isinstance(found, list)
    return "\n".join(found)


def test_the_apps_own_folder_is_found_at_the_url_it_has(root: Path) -> None:
    assert folders(flask_app(root), root) == {"/static/": "static"}
    assert folders(flask_app(root, static_url_path="/assets"), root) == {"/assets/": "static"}


def test_a_folder_that_is_not_there_is_not_served(root: Path) -> None:
    assert folders(flask_app(root, static_folder="nowhere"), root) == {}
    assert folders(flask_app(root, static_folder=None), root) == {}


def test_a_blueprints_folder_is_found_under_its_prefix(root: Path) -> None:
    app = flask_app(root)
    app.register_blueprint(blueprint(root, static_folder="static", url_prefix="/admin"))
    assert folders(app, root) == {"/static/": "static", "/admin/static/": "admin/static"}


def test_a_nested_blueprints_folder_is_found_under_both_prefixes(root: Path) -> None:
    outer = Blueprint("outer", "shop", url_prefix="/outer")
    outer.register_blueprint(blueprint(root, static_folder="files", url_prefix="/inner"))
    app = flask_app(root, static_folder=None)
    app.register_blueprint(outer)
    assert folders(app, root) == {"/outer/inner/files/": "admin/files"}


def test_a_blueprint_that_is_registered_twice_is_served_at_both_urls(root: Path) -> None:
    app = flask_app(root, static_folder=None)
    admin = blueprint(root, static_folder="static")
    app.register_blueprint(admin, url_prefix="/a")
    app.register_blueprint(admin, url_prefix="/b", name="second")
    assert folders(app, root) == {"/a/static/": "admin/static", "/b/static/": "admin/static"}


def test_a_blueprint_whose_folder_the_apps_own_hides_stays_hidden(root: Path) -> None:
    app = flask_app(root)
    app.register_blueprint(blueprint(root, static_folder="static"))
    assert folders(app, root) == {"/static/": "static"}


def test_a_blueprints_folder_under_the_apps_own_url_is_served_apart(root: Path) -> None:
    app = flask_app(root)
    app.register_blueprint(blueprint(root, static_folder="files", static_url_path="/static/admin"))
    assert folders(app, root) == {"/static/": "static", "/static/admin/": "admin/files"}


def test_a_folder_with_another_route_beneath_it_stays_with_the_app(root: Path) -> None:
    app = flask_app(root)
    app.add_url_rule("/static/worker.js", "worker", lambda: "made by the app")
    assert folders(app, root) == {}
    assert "/static/ (static)" in notes(app, root)


def test_a_folder_at_the_root_stays_with_the_app(root: Path) -> None:
    assert folders(flask_app(root, static_url_path=""), root) == {}


def test_a_view_that_asks_for_a_login_stays_with_the_app(root: Path) -> None:
    app = flask_app(root)
    app.register_blueprint(blueprint(root, static_folder="static", url_prefix="/admin"))
    for endpoint in ("static", "admin.static"):
        view = app.view_functions[endpoint]
        app.view_functions[endpoint] = functools.wraps(view)(lambda **_values: Response(status=401))
    assert folders(app, root) == {}
    assert "/admin/static/ (admin.static)" in notes(app, root)


def test_a_class_that_sends_its_files_by_itself_stays_with_the_app(root: Path) -> None:
    class Careful(Flask):
        def send_static_file(self, filename: str) -> Response:
            return Response(filename)

    assert folders(Careful("shop", root_path=str(root)), root) == {}


def test_folders_of_one_host_alone_stay_with_the_app(root: Path) -> None:
    assert folders(flask_app(root, static_host="files.example", host_matching=True), root) == {}
    app = flask_app(root, static_folder=None, subdomain_matching=True)
    app.register_blueprint(blueprint(root, static_folder="static", subdomain="files"))
    assert folders(app, root) == {}


def test_a_link_to_a_folder_is_resolved(root: Path) -> None:
    (root / "link").symlink_to(root / "admin" / "files")
    assert folders(flask_app(root, static_folder="link"), root) == {"/link/": "admin/files"}


def test_the_projects_own_before_request_functions_are_pointed_out(root: Path) -> None:
    app = flask_app(root)
    app.before_request(ask_for_a_login)
    app.before_request(functools.partial(ask_for_a_login))  # as an extension's: it has no code of the project's
    assert "ask_for_a_login" in notes(app, Path(__file__).parent)
    assert notes(app, root) == ""


def ask_for_a_login() -> None: ...


def test_debug_that_the_code_sets_itself_is_pointed_out(root: Path) -> None:
    app = flask_app(root)
    app.debug = True
    assert "app.debug" in notes(app, root)


@pytest.mark.parametrize(("value", "bytes_"), [(None, None), (4096, 4096), ("4M", None), (True, None)])
def test_only_a_number_is_a_largest_body(root: Path, value: object, bytes_: int | None) -> None:
    app = flask_app(root)
    app.config["MAX_CONTENT_LENGTH"] = value
    assert prove.describe(app, str(root))["max_body"] == bytes_
