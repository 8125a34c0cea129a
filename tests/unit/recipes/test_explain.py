from tests.unit.recipes.parts import release
from uncork.errors import ExitCode, RefusedError, StepFailedError
from uncork.recipes.explain import Failure, import_failed, step_failed


def refusal(kind: str, message: str = "", traceback: str = "Traceback", module: str | None = None) -> RefusedError:
    failure = Failure(kind, message, traceback, module, "shop/views.py:3")
    return import_failed(failure, 2, release(1), frozenset({"shop"}))


def test_a_refusal_says_who_serves_and_shows_the_apps_own_traceback() -> None:
    error = refusal("ValueError", "no")
    assert error.code is ExitCode.REFUSED
    assert error.problem == (
        "release 2 was refused, release 1 still serves: the app can't be imported: ValueError: no at shop/views.py:3"
    )
    assert error.detail == "Traceback"


def test_a_missing_module_is_named_with_its_place_and_the_distribution_to_add() -> None:
    error = refusal("ModuleNotFoundError", "No module named 'yaml'", module="yaml.reader")
    assert "the module yaml.reader is missing; it is imported at shop/views.py:3" in error.problem
    assert "add PyYAML to" in error.fix


def test_a_module_of_the_project_itself_is_not_looked_for_on_the_index() -> None:
    assert "is a module of the project" in refusal("ModuleNotFoundError", module="shop.missing").fix


def test_a_variable_that_is_not_set_is_told_with_the_command_that_sets_it() -> None:
    error = refusal("KeyError", "'SECRET_KEY'", 'File "os.py"\n os.environ["SECRET_KEY"]')
    assert "uncork config set SECRET_KEY=" in error.fix


def test_a_folder_that_may_not_be_written_to_is_told_with_the_one_that_may() -> None:
    error = refusal("PermissionError", "[Errno 13] Permission denied: 'logs'")
    assert "Permission denied: 'logs' at shop/views.py:3" in error.problem
    assert "app.instance_path" in error.fix


def test_uncork_itself_is_told_with_the_module_that_travels_in_a_release() -> None:
    assert "import uncork_runtime in its place" in refusal("ModuleNotFoundError", module="uncork").fix


def test_an_exit_at_import_is_told_with_where_to_move_it() -> None:
    assert '__name__ == "__main__"' in refusal("SystemExit").fix


def test_a_first_release_that_fails_says_that_nothing_serves_yet() -> None:
    error = step_failed(StepFailedError("boot it", "no answer in 30 s", "log"), 1, None)
    assert error.problem == "release 1 was refused, nothing serves yet: could not boot it: no answer in 30 s"
    assert error.detail == "log"


def test_a_full_disk_is_the_thing_to_mend_whatever_failed_of_it() -> None:
    reason = "no space left on the device that holds /srv"
    assert step_failed(StepFailedError("import the app", reason), 2, None).fix == (
        "free some space there and deploy again"
    )
