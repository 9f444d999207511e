"""What is printed for people: whole, however narrow the terminal is."""

from __future__ import annotations

import pytest

from gateway.cli import output

COLUMNS = ("number", "state", "digest")
ROWS = [("430600-20261121-000001-P", "SUBMITTED 待受理", "ab" * 32), ("430600-20261121-000002-4", "", "cd" * 32)]


def test_rows_that_fit_stand_under_their_headings(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table("Cases", COLUMNS, ROWS)
    title, heading, *lines = capsys.readouterr().out.splitlines()
    assert title == "Cases"
    assert heading.split() == list(COLUMNS)
    assert lines[0] == f"{ROWS[0][0]}  SUBMITTED 待受理  {ROWS[0][2]}"


def test_rows_that_do_not_fit_become_records_and_nothing_is_cut_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_WIDTH_WHEN_PIPED", 80)
    output.print_table("Cases", COLUMNS, ROWS)
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "Cases",
        f"number  {ROWS[0][0]}",
        f"state   {ROWS[0][1]}",
        f"digest  {ROWS[0][2]}",
        "",
        f"number  {ROWS[1][0]}",
        f"digest  {ROWS[1][2]}",
    ]


def test_a_value_wider_than_the_terminal_goes_on_in_the_next_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_WIDTH_WHEN_PIPED", 40)
    output.print_facts([("digest", "ab" * 32)])
    assert "".join(line[8:] for line in capsys.readouterr().out.splitlines()) == "ab" * 32


def test_no_rows_are_said_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table("Cases", COLUMNS, [])
    assert capsys.readouterr() == ("", "none\n")


def test_what_others_wrote_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table("", ("name",), [("[red]\x1b[2J岳阳",)])
    assert "\x1b" not in (printed := capsys.readouterr().out)
    assert "[red]" in printed
