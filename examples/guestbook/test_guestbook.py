"""What visitors can do, tried through Flask's test client: `pytest examples/guestbook`."""

import logging

import pytest
from guestbook import create_app


@pytest.fixture
def client():
    return create_app("testing").test_client()


def test_an_entry_is_shown_after_it_is_written(client):
    answer = client.post("/", data={"name": "Ada", "message": "Lovely!"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Lovely!" in answer.text
    assert "Ada" in answer.text


def test_an_entry_without_a_name_is_sent_back_with_what_was_written(client):
    answer = client.post("/", data={"name": " ", "message": "Lovely!"})
    assert answer.status_code == 400
    assert "Please write your name." in answer.text
    assert "Lovely!" in answer.text
    assert "Nobody has signed yet" in client.get("/").text


def test_an_entry_that_is_too_long_is_refused(client):
    answer = client.post("/", data={"name": "Ada", "message": "x" * 1001})
    assert answer.status_code == 400
    assert "1000 characters" in answer.text


def test_what_is_written_is_no_markup(client):
    client.post("/", data={"name": "Eve", "message": "<script>alert(1)</script>"})
    assert "<script>" not in client.get("/").text


def test_tables_that_are_there_already_are_no_error(client):
    with client.application.app_context():
        from guestbook.models import create_tables

        create_tables()


def test_the_page_says_its_release(monkeypatch):
    monkeypatch.setenv("UNCORK_RELEASE", "7")
    assert "release 7" in create_app("testing").test_client().get("/").text


def test_who_signed_is_logged(client, caplog):
    with caplog.at_level(logging.INFO):
        client.post("/", data={"name": "Ada", "message": "Lovely!"})
    assert ("guestbook", logging.INFO, "Ada signed") in caplog.record_tuples


def test_a_trial_logs_at_each_level(client, caplog):
    with caplog.at_level(logging.DEBUG):
        assert client.get("/trial/log").status_code == 200
    assert [record.levelname for record in caplog.records] == ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def test_a_trial_fails(client):
    with pytest.raises(ZeroDivisionError):
        client.get("/trial/fail")
