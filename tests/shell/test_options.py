"""The command line of the program."""

import pytest

from shell.options import DECLARED, Options, UsageError, read_options, usage


@pytest.mark.parametrize(("arguments", "options"), [
    ([], Options()),
    (["ipsec", "show"], Options(command=("ipsec", "show"))),
    (["-f", "x"], Options(script="x")),
    (["-f", "-"], Options(script="-")),
    (["-c", "ipsec static", "-r", "gwB", "dump"],
     Options(context="ipsec static", machine="gwB", command=("dump",))),
    (["--store=x y", "-o", "json", "--yes", "ping", "-n", "1"],
     Options(store="x y", format="json", yes=True, command=("ping", "-n", "1"))),
    (["--store", "x", "--color", "never"], Options(store="x", color="never")),
    (["-a", "x", "--atomic", "-f", "y"], Options(alias_file="x", atomic=True, script="y")),
    (["--", "-x"], Options(command=("-x",))),
    (["--version"], Options(version=True)),
    (["/?"], Options(help=True)),
    (["/C", "ipsec", "-F", "x"], Options(context="ipsec", script="x")),
    (["--completion", "zsh"], Options(completion="zsh")),
])
def test_options_come_before_the_command(arguments: list[str], options: Options) -> None:
    assert read_options(arguments) == options


@pytest.mark.parametrize("arguments", [
    ["-x"], ["--bogus"], ["-f"], ["--store"], ["-f", "x", "-f", "y"], ["-f", "x", "dump"],
    ["-o", "xml"], ["--color", "sometimes"], ["--yes=no"], ["--atomic", "dump"], ["-f=x"],
])
def test_what_cannot_be_understood_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        read_options(arguments)


def test_the_usage_page_fits_into_eighty_columns() -> None:
    assert max(map(len, usage().splitlines())) <= 80


def test_the_usage_page_names_every_option() -> None:
    assert all(f"\n  {one.name}" in usage() for one in DECLARED)
