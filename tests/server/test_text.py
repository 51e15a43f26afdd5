"""Texts edited piece by piece are what they would be if edited as a whole; columns are what clients count."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from themis_lsp.server.convert import Columns, encoding_for, name_of
from themis_lsp.server.text import Point, Text, lines_of

# Everything that some program takes for a line end, and characters of every width.
PIECES = st.text(st.sampled_from("ab\r\n\r\n\x0b\x0c\x1c\x85\u2028\u2029é€😀\ud800"), max_size=12)
POINTS = st.builds(Point, st.integers(-1, 9), st.integers(-1, 9))


def offset(text: str, point: Point) -> int:
    """Where a place is in a text, told the slow way."""
    if point.line < 0:
        return 0
    at = 0
    for _ in range(point.line):
        ends = [end for end in (text.find("\r", at), text.find("\n", at)) if end >= 0]
        if not ends:
            return len(text)
        end = min(ends)
        at = end + (2 if text.startswith("\r\n", end) else 1)
    stop = min([end for end in (text.find("\r", at), text.find("\n", at)) if end >= 0], default=len(text))
    return min(at + max(0, point.character), stop)


@example("a\r", [(Point(1, 0), Point(1, 0), "\nb")])
@example("a\nb\n\n", [(Point(1, 1), Point(2, 0), "\r")])
@example("a\rb\n", [(Point(1, 0), Point(1, 1), "")])
@given(PIECES, st.lists(st.tuples(POINTS, POINTS, PIECES), max_size=4))
def test_an_edited_text_is_what_it_would_be_as_a_whole(start: str, edits: list[tuple[Point, Point, str]]) -> None:
    text, whole = Text(start), start
    for one, other, new in edits:
        first, last = sorted((offset(whole, one), offset(whole, other)))
        whole = whole[:first] + new + whole[last:]
        text.replace(one, other, new)
        assert str(text) == whole
        assert [text.line(row) for row in range(len(text))] == list(lines_of(whole))


@pytest.mark.parametrize(
    ("text", "lines", "end"),
    [
        ("", [""], "\n"),
        ("a", ["a"], "\n"),
        ("a\n", ["a", ""], "\n"),
        ("a\r\nb", ["a", "b"], "\r\n"),
        ("a\rb\n", ["a", "b", ""], "\r"),
        ("\n\r\n", ["", "", ""], "\n"),
        ("a\x0cb\u2028c\x85d\n", ["a\x0cb\u2028c\x85d", ""], "\n"),
    ],
)
def test_only_cr_lf_and_crlf_end_lines(text: str, lines: list[str], end: str) -> None:
    assert list(lines_of(text)) == lines
    assert [Text(text).line(row) for row in range(len(Text(text)))] == lines
    assert Text(text).end == end


LINE = "aé€😀b"


@pytest.mark.parametrize(
    ("encoding", "units"),
    [("utf-8", [0, 1, 3, 6, 10, 11]), ("utf-16", [0, 1, 2, 3, 5, 6]), ("utf-32", [0, 1, 2, 3, 4, 5])],
)
def test_columns_are_counted_as_the_client_does(encoding: str, units: list[int]) -> None:
    columns = Columns(encoding)
    assert [columns.position(Point(7, at), LINE).character for at in range(6)] == units
    places = [columns.point(lsp.Position(7, unit), lambda _: LINE) for unit in units]
    assert places == [Point(7, at) for at in range(6)]
    assert columns.point(lsp.Position(7, 99), lambda _: LINE) == Point(7, 5)
    inside = columns.point(lsp.Position(7, units[4] - 1), lambda _: LINE)  # within the last wide character
    assert inside == Point(7, 3)


@pytest.mark.parametrize(
    ("wishes", "want"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-7", "utf-32"], "utf-32"),
        (["x"], "utf-16"),
    ],
)
def test_the_first_known_wish_counts(wishes: list[str] | None, want: str) -> None:
    general = lsp.GeneralClientCapabilities(position_encodings=wishes)
    assert encoding_for(lsp.ClientCapabilities(general=general)) == want
    assert encoding_for(lsp.ClientCapabilities()) == "utf-16"


@pytest.mark.parametrize(
    ("uri", "language", "want"),
    [
        ("untitled:Untitled-1", "python", "Untitled-1.py"),
        ("untitled:/tmp/x.py", "python", "tmp/x.py"),
        ("untitled:", "go", "untitled.go"),
        ("untitled:a", "cobol", "a"),
    ],
)
def test_documents_without_a_file_are_named_by_their_language(uri: str, language: str, want: str) -> None:
    assert name_of(uri, language) == want
