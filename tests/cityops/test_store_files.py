"""Files by their content: kept once, whole or not at all, never handed out damaged."""

from __future__ import annotations

import errno
import hashlib
import io
import os

import pytest

from cityops.store.files import FolderFileStore
from gis.errors import InvalidError, NotFoundError, UnavailableError


@pytest.fixture
def files(tmp_path):
    return FolderFileStore(tmp_path / "files")


def test_bytes_come_back_by_their_sha256(files):
    digest = files.put(b"photo")
    assert digest == hashlib.sha256(b"photo").hexdigest()
    assert files.open(digest) == b"photo"
    assert files.put(b"photo") == digest
    assert list(files.names()) == [digest]


def test_a_stream_is_kept_up_to_its_limit(files):
    digest, size = files.put_stream(io.BytesIO(b"x" * 3_000_000), limit=3_000_000)
    assert (size, files.open(digest)) == (3_000_000, b"x" * 3_000_000)
    with pytest.raises(InvalidError):
        files.put_stream(io.BytesIO(b"y" * 11), limit=10)
    assert list(files.names()) == [digest]
    assert [p.name for p in files.folder.iterdir()] == [digest[:2]]


def test_a_damaged_file_is_refused(files):
    digest = files.put(b"delivery")
    files.path(digest).write_bytes(b"Delivery")
    assert not files.is_sound(digest)
    with pytest.raises(UnavailableError):
        files.open(digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_digests_are_names(files, name):
    with pytest.raises(InvalidError):
        files.open(name)


def test_what_is_not_there_is_not_found(files):
    with pytest.raises(NotFoundError):
        files.open("0" * 64)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_keeps_nothing(files, monkeypatch, step):
    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(UnavailableError):
        files.put(b"photo")
    monkeypatch.undo()
    assert list(files.names()) == []
    assert not list(files.folder.glob(".new-*"))


def test_a_stream_that_its_check_refuses_leaves_nothing(files):
    def refuse(path):
        assert path.read_bytes() == b"whole content"
        raise InvalidError("test.refused", "不行")

    with pytest.raises(InvalidError, match="不行"):
        files.put_stream(io.BytesIO(b"whole content"), check=refuse)
    assert [p for p in files.folder.rglob("*") if p.is_file()] == []


def test_old_files_that_no_row_names_are_removed_unless_somebody_asked_for_them(files):
    named, left, young, asked, put_again = (files.put(text.encode()) for text in "abcde")
    for name in (named, left, asked, put_again):
        os.utime(files.path(name), (1, 1))
    assert files.has(asked)
    files.put(b"e")
    assert files.remove_unnamed({named}, older_than_s=3600) == 1
    assert sorted(files.names()) == sorted([named, young, asked, put_again])
    assert not files.has(left)
