"""What a text may be in the store, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from gis.errors import InvalidError


@pytest.mark.parametrize("text", ["a\0b", "\udcff"])
def test_what_cannot_be_stored_is_refused_with_the_whole_transaction(store, text):
    def act():
        with store.writing() as tx:
            tx.outbox.put("topic.first", {})
            tx.meta.put("x" + text, 1)

    with pytest.raises(InvalidError) as refusal:
        act()
    assert refusal.value.code == "text.bad_character"
    assert "\0" not in str(refusal.value)
    with store.reading() as tx:
        assert tx.outbox.newest() == 0


def test_what_cannot_be_stored_cannot_be_looked_for(store):
    with pytest.raises(InvalidError), store.reading() as tx:
        tx.meta.get("a\0b")


def test_a_text_as_long_as_its_column_is_kept_and_a_longer_one_named(store):
    with store.writing() as tx:
        tx.meta.put("管" * 64, 1)
    with pytest.raises(InvalidError) as refusal, store.writing() as tx:
        tx.meta.put("管" * 65, 1)
    told = refusal.value
    assert (told.code, told.field, told.got, told.expected) == ("text.too_long", "name", 65, 64)


def test_a_longer_text_than_any_can_be_looked_for_and_is_not_found(store):
    with store.reading() as tx:
        assert tx.meta.get("n" * 1000) is None
