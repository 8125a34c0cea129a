"""Quantiles out of buckets, beside those of the times themselves."""

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncork.reporting.latency import bucket, quantile

TIMES = st.lists(st.integers(1, 4_000_000).map(lambda milliseconds: milliseconds / 1000), min_size=1, max_size=200)


@given(times=TIMES, part=st.sampled_from((0.5, 0.95, 0.99)))
def test_a_quantile_is_within_five_percent_of_the_real_one(times: list[float], part: float) -> None:
    real = sorted(times)[ceil(part * len(times)) - 1]

    found = quantile(Counter(map(bucket, times)), part)

    assert found == pytest.approx(real, rel=0.05)


@given(one=st.integers(0, 10**7), other=st.integers(0, 10**7))
def test_what_took_longer_is_never_in_a_lower_bucket(one: int, other: int) -> None:
    assert (bucket(one / 1000) <= bucket(other / 1000)) is (one <= other) or bucket(one / 1000) == bucket(other / 1000)


def test_no_requests_have_no_quantile() -> None:
    assert quantile({}, 0.5) is None


def test_what_took_less_than_a_millisecond_took_nothing() -> None:
    assert quantile(Counter([bucket(0.0), bucket(0.0004)]), 0.99) == 0
