"""Broken sources are read as far as they can be."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from uncork.project.syntax import parse, top_level


def names(text: str) -> dict[str, int]:
    return {s.name: s.lineno for s in parse(text).body if isinstance(s, ast.FunctionDef | ast.ClassDef)}


def test_a_broken_function_keeps_its_name_and_the_others_their_lines() -> None:
    text = "def one(a):\n    return 1\n\n@decorated\ndef two(a, b=2):\n    return (\n\ndef three(): ...\n"
    assert names(text) == {"one": 1, "two": 5, "three": 8}


def test_two_broken_functions_hide_nothing_else() -> None:
    assert names("def one():\n  x = (\ndef two():\n  y = ]\ndef three(): ...\n") == {"one": 1, "two": 3, "three": 5}


def test_the_first_problem_is_told_with_its_line() -> None:
    problem = parse("a = 1\nb = = 2\n").problem
    assert problem
    assert (problem.line, problem.text) == (2, "b = = 2")


def test_nul_bytes_are_a_problem_and_no_crash() -> None:
    assert parse("a = 1\nb = '\0'\n").problem


def test_nesting_too_deep_is_a_problem_and_no_crash() -> None:
    assert parse("(" * 5000 + ")" * 5000).problem


def test_escapes_that_python_warns_of_are_read_in_silence(recwarn: object) -> None:
    assert not parse(r"x = '\d'").problem
    assert recwarn == [] or not list(recwarn)  # type: ignore[call-overload]


def test_an_import_runs_branches_but_neither_functions_nor_the_main_guard() -> None:
    text = """
if x:
    a
elif __name__ == "__main__" and y:
    b
else:
    c
try:
    d
except E:
    e
def f():
    g
for h in i:
    with j:
        k
"""
    found = [ast.unparse(s.value) for s in top_level(parse(text).body) if isinstance(s, ast.Expr)]
    assert found == ["a", "c", "d", "e", "k"]


@given(st.text(alphabet="abdef():=[]{}'\"\\#@ \n\tif", max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parse(text)
