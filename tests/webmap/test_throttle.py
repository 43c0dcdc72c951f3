"""Guessing passwords is stopped, by account and by address, and codes are used once."""

import pytest

from webmap.throttle import Limits, SignInGuard


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guard(tmp_path, clock):
    return SignInGuard(tmp_path / "signin.db", b"key", Limits(per_address=12), clock)


def test_fifth_failure_locks_the_account_from_every_address(guard):
    for _ in range(4):
        guard.note_failure("planner", "10.0.0.1")
    assert not guard.is_locked("planner", "10.0.0.1")
    guard.note_failure("Planner ", "10.0.0.2")
    assert guard.is_locked("planner", "10.0.0.99")
    assert not guard.is_locked("inspector", "10.0.0.1")


def test_lock_ends_after_fifteen_minutes(guard, clock):
    for _ in range(5):
        guard.note_failure("planner", "10.0.0.1")
    clock.now += 899
    assert guard.is_locked("planner", "10.0.0.1")
    clock.now += 2
    assert not guard.is_locked("planner", "10.0.0.1")


def test_failures_far_apart_do_not_add_up(guard, clock):
    for _ in range(9):
        guard.note_failure("planner", "10.0.0.1")
        guard.note_success("planner")
    for _ in range(8):
        guard.note_failure("data", "10.0.0.3")
        clock.now += 901
    assert not guard.is_locked("planner", "10.0.0.9")
    assert not guard.is_locked("data", "10.0.0.9")


def test_one_address_trying_many_names_is_locked(guard):
    for i in range(12):
        guard.note_failure(f"name{i}", "10.0.0.7")
    assert guard.is_locked("someone else", "10.0.0.7")
    assert not guard.is_locked("someone else", "10.0.0.8")


def test_second_process_sees_the_same_lock(guard, tmp_path, clock):
    other = SignInGuard(tmp_path / "signin.db", b"key", Limits(), clock)
    for _ in range(5):
        other.note_failure("planner", "10.0.0.1")
    assert guard.is_locked("planner", "10.0.0.1")


def test_names_are_not_kept_in_clear(guard, tmp_path):
    guard.note_failure("my-secret-password", "10.0.0.1")
    data = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"my-secret-password" not in data


def test_a_code_is_taken_once_and_never_an_older_one(guard):
    assert guard.last_code("u1") is None
    assert guard.use_code("u1", 100)
    assert not guard.use_code("u1", 100)
    assert not guard.use_code("u1", 99)
    assert guard.use_code("u1", 101)
    assert guard.last_code("u1") == 101
    assert guard.use_code("u2", 100)
