import pytest

from uncork.errors import UsageError
from uncork.recipes.fitting import refuse_unfit
from uncork.serving import ServerSettings

GREENLETS = ServerSettings("gunicorn", gevent=100)


@pytest.mark.parametrize(
    ("driver", "instead"), [("mysqlclient", "take pymysql"), ("psycopg2-binary", "psycogreen"), ("pyodbc", "threads")]
)
def test_greenlets_that_would_wait_for_a_driver_in_c_are_refused(driver: str, instead: str) -> None:
    with pytest.raises(UsageError, match=driver) as refused:
        refuse_unfit(GREENLETS, {"flask", driver}, "under [tool.uncork]")
    assert instead in refused.value.fix


def test_a_driver_that_has_learnt_of_greenlets_is_fine() -> None:
    refuse_unfit(GREENLETS, {"psycopg2", "psycogreen", "psycopg"}, "")


def test_without_greenlets_any_driver_is_fine() -> None:
    refuse_unfit(ServerSettings("gunicorn"), {"mysqlclient", "psycopg2"}, "")
