"""The text of every error is one printable line, whatever it quotes, and survives pickling."""

import pickle

import pytest

from sharedtrunk.errors import InputError, invalid, printable


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("a\x1b[2Jb", "a?[2Jb"),
        ("two\n  lines\r\n", "two lines ."),
        ("tab\there", "tab here"),
        ("\u2028\u202ebidi\x85\x9b", " ?bidi ?"),
        ("half \udcc3", "half ?"),
        ("two  blanks", "two  blanks"),
        ("käufe 顧客 β", "käufe 顧客 β"),
    ],
)
def test_no_control_character_reaches_a_message(quoted, shown):
    error = invalid("a rule", received=quoted, hint="A way out.")
    assert shown in str(error)
    assert str(error).isprintable()
    assert str(InputError(quoted)).isprintable()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_marks_of_what_is_not_printable():
    assert printable("a\x00b", "_") == "a_b"
    assert printable("plain text") == "plain text"
