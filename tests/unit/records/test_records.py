"""Records are read as they were written, and a broken one says what is wrong."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncork.errors import UserError
from uncork.model import Release
from uncork.notices import Logging, Mail
from uncork.records import (
    Event,
    FrontRecord,
    decode,
    decode_event,
    decode_front,
    encode,
    encode_event,
    encode_front,
)
from uncork.serving import Protocol, Service, Site, Static

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
number = st.integers(1, 10**6)
seconds = st.floats(0, 10**6)
sites = st.builds(Site, app=text, speaks=st.sampled_from(Protocol), static=st.tuples(st.builds(Static, text, text)))
services = st.builds(Service, argv=st.tuples(text, text), directory=text, speaks=st.sampled_from(Protocol))
loggings = st.builds(Logging, levels=st.tuples(st.tuples(text, text)), dict_config=text, rotate_age=seconds)
mails = st.builds(Mail, server=st.none() | text, use_tls=st.none() | st.booleans(), admins=st.none() | st.tuples(text))
releases = st.builds(
    Release,
    id=number,
    service=services,
    site=sites,
    boot_deadline=seconds,
    drain=seconds,
    logging=loggings,
    mail=mails,
)


@given(releases)
def test_a_release_is_read_as_it_was_written(release: Release) -> None:
    assert decode(encode(release)) == release


@given(st.builds(Event, release=st.none() | number, seconds=seconds, problem=text))
def test_an_event_is_one_line_and_is_read_as_it_was_written(event: Event) -> None:
    line = encode_event(event)
    assert "\n" not in line
    assert decode_event(line) == event


@given(st.builds(FrontRecord, apps=st.tuples(text, text)))
def test_the_front_is_read_as_it_was_written(record: FrontRecord) -> None:
    assert decode_front(encode_front(record)) == record


RELEASE = Release(
    id=3,
    app="shop",
    environment="production",
    created="2026-01-02T03:04:05Z",
    source_digest="aa",
    lock="bb",
    python="3.11.2",
    server="uwsgi",
    venv="/venvs/bb",
    service=Service(("uwsgi",), "/source", Protocol.UWSGI),
    site=Site("shop", Protocol.UWSGI),
)


def test_a_record_is_made_for_people_to_read() -> None:
    lines = encode(RELEASE).splitlines()
    assert lines[:3] == ["{", '  "id": 3,', '  "app": "shop",']


def test_a_record_of_a_newer_uncork_is_read_for_what_is_known() -> None:
    newer = {**json.loads(encode(RELEASE)), "invented_later": [1]}
    assert decode(json.dumps(newer)) == RELEASE


def test_a_record_of_an_older_uncork_is_read_with_the_defaults_of_logs_and_mails() -> None:
    older = json.loads(encode(replace(RELEASE, logging=Logging(level="DEBUG"), mail=Mail(level=""))))
    del older["logging"], older["mail"]
    assert decode(json.dumps(older)) == RELEASE


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("", "truncated"),
        ("{", "truncated"),
        ("[]", "object"),
        (encode(RELEASE).replace('"id": 3', '"id": "three"'), "$.id"),
        (encode(RELEASE).replace('  "app": "shop",\n', "", 1), "app"),
    ],
)
def test_a_broken_record_names_what_is_wrong(broken: str, named: str) -> None:
    with pytest.raises(UserError) as raised:
        decode(broken)
    assert raised.value.problem.startswith("the record of a release can't be read: ")
    assert named in raised.value.problem


def test_a_byte_that_is_no_utf8_does_not_stop_the_reading() -> None:
    assert decode(encode(RELEASE).replace('"production"', '"\udc80"')).environment == "?"
