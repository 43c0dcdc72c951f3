"""Every command, as the table lists them: help, one JSON object, an exit code by kind, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cityops.cli import COMMANDS, LazyGroup
from cityops.cli import output as cli_output
from cityops.cli.main import main
from cityops.cli.output import EXIT_CODES
from cityops.services.accounts import AccountService
from cityops.services.roles import SYSTEM, Role
from cityops.settings import Settings
from cityops.store.database import create_all
from gis.errors import Kind

#: exit code -> kinds that it stands for
KINDS_OF = {code: {k.value for k in Kind if EXIT_CODES[k] == code} for code in EXIT_CODES.values()}
#: Values that stand for nothing good, whatever is asked for.
HOSTILE = (
    *("", " ", "nan", "inf", "-inf", "1e400", "-1", "0", "１２", "9" * 400, "x" * 5000),
    *("../../etc/passwd", "/etc/passwd", "/dev/null", "/", "a\nb", "\x1b[31m", "\u202e", "\udcff"),
    *("' or 1=1 --", "{{7*7}}", "{got}", "%s%n", "<script>alert(1)</script>", "--", "-", "a=b=c"),
)


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all commands that do something."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name)


ROOT = LazyGroup("cityops")
LEAVES = list(leaves(ROOT))
#: Those that serve until they are stopped when nothing is wrong; tests/system runs them.
SERVING = {("demo",), ("serve",), ("jobs", "work")}


def command_at(path: tuple[str, ...]) -> click.Command:
    found: click.Command = ROOT
    for name in path:
        found = found.get_command(click.Context(found), name)
    return found


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run ``cityops`` in this process on a folder without data; gives (exit code, stdout, stderr)."""
    runner = CliRunner()

    def go(*arguments: str, folder=None, stdin: str = ""):
        monkeypatch.setenv("CITYOPS_DATA_DIR", str(folder or tmp_path / "none"))
        monkeypatch.setattr(sys, "argv", ["cityops", *arguments])
        cli_output.settings.cache_clear()
        monkeypatch.chdir(tmp_path)
        done = runner.invoke(_entry, input=stdin)
        assert not isinstance(done.exception, Exception) or isinstance(
            done.exception, SystemExit
        ), (arguments, done.exception)
        assert "Traceback" not in done.output
        return done.exit_code, done.stdout, done.stderr

    yield go
    cli_output.settings.cache_clear()


@click.command(context_settings={"ignore_unknown_options": True})
def _entry() -> None:
    main()


def check_refusal(code: int, out: str, where: object) -> dict:
    """One JSON object, and the exit code that its kind has."""
    told = json.loads(out)
    assert code in KINDS_OF, (where, code, out[:300])
    error = told["error"]
    assert set(error) >= {"code", "kind", "message", "field", "got", "expected", "hint"}, where
    assert error["kind"] in KINDS_OF[code], (where, error)
    assert error["message"], where
    assert error["code"] != "internal.failure", (where, error)
    assert isinstance(told["errors"], list)
    return error


def test_the_table_and_the_modules_agree():
    assert {path[0] for path in LEAVES} == set(COMMANDS)
    needed = {
        *("demo", "serve", "init", "import", "export", "locate", "user", "map", "backup"),
        *("restore", "doctor"),
    }
    assert needed <= set(COMMANDS)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_help_in_chinese_and_the_flag_for_json(run, path):
    code, out, _ = run(*path, "--help")
    assert code == 0
    assert "--json" in out
    assert any("\u4e00" <= c <= "\u9fff" for c in out.partition("选项:")[0])


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_an_unknown_option_is_a_refusal_in_json_with_code_2(run, path):
    code, out, _ = run(*path, "--no-such-option", "--json")
    assert code == 2
    assert check_refusal(code, out, path)["code"] == "cli.usage"


def takes_many(path: tuple[str, ...]) -> bool:
    return any(p.nargs == -1 for p in command_at(path).params)


@pytest.mark.parametrize("path", [p for p in LEAVES if not takes_many(p)], ids=" ".join)
def test_one_argument_too_many_is_a_refusal_in_json_with_code_2(run, path):
    given = [_good(p) for p in command_at(path).params if isinstance(p, click.Argument)]
    code, out, _ = run(*path, *given, "surplus", "surplus", "--json")
    assert code == 2
    assert check_refusal(code, out, path)["code"] == "cli.usage"


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command", "--json"),
        ("--json",),
        ("--json", "locate", "1", "2"),
        ("user", "--json"),
        ("user", "no-such-command", "--json"),
        ("user", "add", "--json"),
        ("locate", "--json"),
        ("locate", "1", "--json"),
        ("--no-such", "--json"),
    ],
)
def test_a_wrong_command_line_is_one_object_too(run, arguments):
    code, out, _ = run(*arguments)
    assert code == 2
    assert check_refusal(code, out, arguments)["code"] == "cli.usage"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("locate", "1", "2", "3", "4"), "多余的参数：3 4"),
        (("hazard", "zone", "--at", "1"), "选项 --at 要带 2 个值"),
        (("layers", "--json=3"), "选项 --json 不带值"),
        (("locate", "1"), "缺少参数 LAT"),
        (("jobs", "list", "--limit", "0"), "--limit 的值不对：0，应为 1 至 500 的数"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_in_chinese(run, arguments, told):
    _, _, words = run(*arguments)
    assert f"错误：{told}（cli.usage）" in words
    assert f"cityops {arguments[0]}" in words


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_is_in_chinese_to_the_brackets(run, path):
    _, out, _ = run(*path, "--help")
    assert not any(word in out for word in ("default:", "required]", "Options", "Usage"))


def test_help_says_what_each_command_does_and_loads_no_numerics():
    code = (
        "import os, sys; from cityops.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "used = sum(os.times()[:2])\n"
        "print(used, *sorted({'numpy', 'shapely', 'sqlalchemy', 'flask'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    *lines, last = done.stdout.splitlines()
    used, *loaded = last.split()
    assert loaded == []
    assert float(used) < 0.3
    rows = [
        line.split(None, 1) for line in lines if line.split()[:1] and line.split()[0] in COMMANDS
    ]
    assert len(rows) == len(COMMANDS)
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for _, text in rows)


def _good(parameter: click.Parameter) -> str:
    """A value that fits the type of a parameter."""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return str(next(iter(kind.choices)))
    if isinstance(kind, (click.types.FloatParamType, click.types.IntParamType)):
        return "1"
    return "7"


def _filled(command: click.Command, odd: click.Parameter, value: str) -> list[str]:
    """A command line in which one parameter has a hostile value."""
    options: list[str] = []
    arguments: list[str] = []
    for parameter in command.params:
        given = value if parameter is odd else _good(parameter)
        several = [given] + ["1"] * (max(parameter.nargs, 1) - 1)
        if isinstance(parameter, click.Argument):
            arguments += several
        elif (parameter is odd and not parameter.is_flag) or parameter.required:
            options += [parameter.opts[0], *several]
    return [*options, *arguments]


def _takes(path: tuple[str, ...]) -> list[str]:
    return [
        p.name
        for p in command_at(path).params
        if not (isinstance(p, click.Option) and (p.is_flag or p.name in ("host", "out", "data")))
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path in LEAVES if path not in SERVING for name in _takes(path)],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else v,
)
def test_no_value_whatever_ends_in_a_traceback(run, tmp_path, path, name):
    command = command_at(path)
    odd = next(p for p in command.params if p.name == name)
    for value in HOSTILE:
        code, out, _ = run(*path, "--json", *_filled(command, odd, value), stdin="short\n")
        told = json.loads(out)
        if code != 0:
            check_refusal(code, out, (path, name, value))
        else:
            assert "error" not in told
    assert sorted(p.name for p in tmp_path.iterdir() if p.name not in ("none", "7")) == []


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A data folder with a database, one account and empty layers."""
    chosen = Settings(data_dir=tmp_path_factory.mktemp("cli") / "data")
    store = create_all(chosen)
    AccountService(store).add(SYSTEM, "7", [Role.PLANNER], password="open-sesame-7")
    store.dispose()
    return chosen.data_dir


#: A value that these take, so that what is checked behind it is reached too.
FITTING = {"layer": "pipes", "layers": "pipes"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (path, name)
        for path in LEAVES
        if path not in SERVING and path[0] not in ("restore", "init", "underground", "migrate")
        for name in _takes(path)
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else v,
)
def test_no_value_whatever_ends_in_a_traceback_where_there_is_a_database(run, there, path, name):
    command = command_at(path)
    odd = next(p for p in command.params if p.name == name)
    for value in HOSTILE:
        line = _filled(command, odd, value)
        for fitting in FITTING:
            parameter = next((p for p in command.params if p.name == fitting), None)
            if parameter is not None and parameter is not odd:
                line = [FITTING[fitting] if part == "7" else part for part in line]
        code, out, _ = run(*path, "--json", *line, stdin="short\n", folder=there)
        if code != 0:
            check_refusal(code, out, (path, name, value))
        else:
            assert "error" not in json.loads(out)


@pytest.mark.parametrize("path", sorted(SERVING), ids=" ".join)
def test_what_serves_refuses_before_it_begins(run, tmp_path, path):
    if path != ("demo",):
        code, out, _ = run(*path, "--json")
        assert check_refusal(code, out, path)["code"] == "store.missing"
        assert code == 6
    for name in [n for n in ("port", "scene") if n in _takes(path)]:
        for value in ("nan", "-1", "70000", "x"):
            code, out, _ = run(*path, f"--{name}", value, "--json")
            check_refusal(code, out, (path, name, value))


@pytest.mark.parametrize(
    "host", ["256.1.1.1", "x" * 300, "no-such-host.invalid", "\udcff", "8.8.8.8", "::zz"]
)
def test_an_address_that_is_not_this_machines_is_refused(host):
    from cityops.jobs.processes import listen
    from gis.errors import UnavailableError

    with pytest.raises(UnavailableError) as caught:
        listen(host, 0)
    assert caught.value.code == "serve.cannot_listen"
    assert caught.value.field == "host"


def test_people_get_words_on_stderr_and_nothing_on_stdout(run):
    code, out, told = run("locate", "117.2", "39.1")
    assert code == 6
    assert out == ""
    assert "没有数据库" in told
    assert "怎么办：" in told
    assert "cityops init" in told


def test_a_fault_of_the_program_is_said_in_one_line(run, monkeypatch):
    def broken(**_):
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("cityops.cli.doctor.examined", broken)
    code, out, told = run("doctor", "--json")
    assert code == 6
    assert json.loads(out)["error"]["code"] == "internal.failure"
    assert "deep inside" in told
    assert len(told.strip().splitlines()) == 1


def test_the_installed_command_is_the_same(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "cityops", "layers", "\udcff", "--json"],
        env={"CITYOPS_DATA_DIR": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "cli.usage"
    assert done.stderr == b""


def test_a_demonstration_that_is_refused_leaves_no_accounts(run, tmp_path):
    store = create_all(Settings(data_dir=tmp_path / "city"))
    with store.writing() as tx:
        tx.meta.put("scene", {"name": "elsewhere"})
    code, _, told = run("demo", "--port", "0", folder=tmp_path / "city")
    with store.reading() as tx:
        assert list(tx.accounts.all()) == []
    store.dispose()
    assert code == 4
    assert "elsewhere" in told
