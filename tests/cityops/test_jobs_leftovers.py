"""What killed processes leave is removed once it is old, and nothing else is."""

import os

import pytest

from cityops.jobs.leftovers import OLD_AFTER_S, remove_leftovers

NOW = 1_700_000_000.0
LEFT = ("files/.new-abc", "reading/read-x/upload.geojson", "snapshots/pipes-3.snap.17.tmp")
KEPT = (
    "files/ab/" + "ab" * 32,
    "snapshots/pipes-3.snap",
    "cityops.db",
    "reading/notes.txt",
    "secret.key",
)


@pytest.fixture
def data_dir(tmp_path):
    for name in (*LEFT, *KEPT):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def age(folder, seconds):
    for path in folder.rglob("*"):
        os.utime(path, (NOW - seconds, NOW - seconds))


def test_old_leftovers_go_and_what_rows_name_stays(data_dir):
    age(data_dir, OLD_AFTER_S + 60)
    assert remove_leftovers(data_dir, NOW) == 3
    assert not any((data_dir / name).exists() for name in LEFT)
    assert all((data_dir / name).exists() for name in KEPT)


def test_what_a_process_may_still_be_writing_stays(data_dir):
    age(data_dir, OLD_AFTER_S - 60)
    assert remove_leftovers(data_dir, NOW) == 0
    assert all((data_dir / name).exists() for name in (*LEFT, *KEPT))


def test_a_folder_that_is_not_there_has_no_leftovers(tmp_path):
    assert remove_leftovers(tmp_path / "none") == 0
