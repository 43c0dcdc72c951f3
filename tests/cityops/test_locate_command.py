"""The commands ``cityops init`` and ``cityops locate``: one JSON object, exit codes by kind."""

import json
import subprocess
import sys

import pytest


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", "from cityops.cli.main import main; main()", *arguments],
        env={"CITYOPS_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tianjin):
    return tianjin.settings.data_dir


def test_locate_prints_one_json_object(folder):
    done = run(folder, "locate", "117.1933", "39.1176", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["district"]["code"] == "120101"


def test_negative_coordinates_are_arguments(folder):
    done = run(folder, "locate", "-71.06", "42.36", "--crs", "wgs84", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["cell"] is None


def test_people_read_names_and_codes(folder):
    done = run(folder, "locate", "117.1933", "39.1176")
    assert "和平区（120101）" in done.stdout


def test_an_unknown_reference_system_ends_with_exit_code_2(folder):
    done = run(folder, "locate", "117.2", "39.1", "--crs", "mars", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["kind"] == "invalid"


def test_text_for_a_number_ends_with_exit_code_2_and_one_object(folder):
    done = run(folder, "locate", "abc", "39.1", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["field"], error["got"]) == ("cli.usage", "LON", "abc")


def test_nan_is_named_as_what_was_got(folder):
    done = run(folder, "locate", "nan", "39", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["got"] == "nan"


def test_usage_is_told_in_chinese(folder):
    assert "错误：缺少参数 LAT" in run(folder, "locate", "117.2").stderr
    assert "错误：没有命令 nosuch" in run(folder, "nosuch").stderr


def test_without_a_database_locate_says_what_to_do(tmp_path):
    done = run(tmp_path / "none", "locate", "117.2", "39.1", "--json")
    assert done.returncode == 6
    assert "cityops init" in json.loads(done.stdout)["error"]["hint"]


def test_init_again_says_that_the_scene_is_there(folder):
    done = run(folder, "init", "--scene", "tianjin", "--json")
    assert json.loads(done.stdout)["created"] is False


def test_init_of_another_scene_is_refused_with_a_hint(folder):
    done = run(folder, "init", "--scene", "helsinki", "--json")
    assert done.returncode == 4
    assert "CITYOPS_DATA_DIR" in json.loads(done.stdout)["error"]["hint"]


def test_init_of_an_unknown_scene_makes_no_database(tmp_path):
    done = run(tmp_path / "new", "init", "--scene", "atlantis", "--json")
    assert done.returncode == 3
    assert not (tmp_path / "new").exists()
