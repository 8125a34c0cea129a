from uncork.recipes.redact import redact


def test_a_value_is_hidden_wherever_it_stands_and_the_longest_first() -> None:
    text = "postgres://me:s3cr3t-pass@db failed for s3cr3t"
    assert redact(text, ["s3cr3t", "s3cr3t-pass"]) == "postgres://me:[hidden]@db failed for [hidden]"


def test_a_value_that_is_too_short_to_be_a_secret_spoils_no_message() -> None:
    assert redact("line 1 of 10", ["1"]) == "line 1 of 10"
