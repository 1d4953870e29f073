"""A recorded command says nothing about the machine that it ran on."""

import pytest
from benchmarks.speed.environment import portable_command


@pytest.mark.parametrize(
    ("words", "recorded"),
    [
        (["all-cores", "--json", "/somewhere/of/mine/new.json"], "all-cores --json new.json"),
        (["--json=/somewhere/of/mine/new.json", "--quick"], "--json=new.json --quick"),
        (["--json", "../there/new.json", "--rounds", "3"], "--json new.json --rounds 3"),
        ([], ""),
    ],
)
def test_only_the_file_name_of_a_path_is_recorded(words, recorded):
    assert portable_command(words) == f"python -m benchmarks.speed {recorded}".strip()
