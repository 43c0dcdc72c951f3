"""Rules, files and states that make no sense are refused, all at once."""

from __future__ import annotations

import json
import math
from datetime import datetime

import pytest
from day_trace import BEGIN, BOOK, LEVEL, at

from gis.errors import CityError, ConflictError, InvalidError
from hazards.models import Confidence
from hazards.monitoring.alarms import Act, ActKind, alarm_list
from hazards.monitoring.files import read_acts, read_observations, read_rules
from hazards.monitoring.monitor import deliver, start
from hazards.monitoring.observations import Observation, Quality, micros, observations_of
from hazards.monitoring.rules import AlarmKind, Rule, Stream, rule_book
from hazards.monitoring.stored import monitor_from, monitor_json

NONE = observations_of([])


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule("A", "H", AlarmKind.HIGH, math.inf), "limit"),
        (Rule("A", "H", AlarmKind.HIGH, 1, dead_band=-1), "dead_band"),
        (Rule("A", "H", AlarmKind.HIGH, 1, on_delay_s=math.nan), "on_delay_s"),
        (Rule("A", "H", AlarmKind.HIGH, 1, off_delay_s=-1), "off_delay_s"),
        (Rule("A", "", AlarmKind.HIGH, 1), "rule"),
        (Rule("B", "H", AlarmKind.HIGH, 1), "stream"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule, field):
    with pytest.raises(InvalidError) as caught:
        rule_book([Stream("A")], [rule])
    assert caught.value.field == field


def test_several_faults_come_together():
    with pytest.raises(InvalidError) as caught:
        rule_book([Stream("A", period_s=0), Stream("A", low=2, high=1)], [])
    assert [e.field for e in caught.value.errors] == ["period_s", "stream", "range"]


def test_rules_whose_limit_nobody_knows_are_not_watched():
    listed = [
        Rule("A", "H", AlarmKind.HIGH),
        Rule("A", "S", AlarmKind.STALE),
        Rule("A", "T", AlarmKind.STUCK),
        Rule("A", "R", AlarmKind.RISE, 1.0),
        Rule("A", "B", AlarmKind.BAD),
    ]
    book = rule_book([Stream("A")], listed)
    assert {rule.name: why for rule, why in book.unwatched()} == {
        "H": "limit", "S": "period_s", "T": "window_s", "R": "period_s",
    }  # fmt: skip


def test_rows_of_one_stream_have_to_agree():
    with pytest.raises(InvalidError) as caught:
        read_rules("stream,rule,kind,unit\nA,H,high,m\nA,HH,high,\nA,L,low,kPa\n")
    assert [(e.code, e.row) for e in caught.value.errors] == [("monitoring.stream_differs", 4)]


def test_a_rule_file_may_come_in_any_order():
    head, *rows = "stream,rule,kind,limit\nA,H,high,1\nA,L,low,0\nB,H,high,2".splitlines()
    books = [read_rules("\n".join([head, *r])) for r in (rows, rows[::-1])]
    assert books[0] == books[1]
    assert books[0].digest == books[1].digest


@pytest.mark.parametrize("value", ["1_000", "1e999", "nano", "1,5", "１"])
def test_a_value_is_a_plain_number(value):
    text = f'stream,device_time,value\nA,2026-03-01T08:00:00+08:00,"{value}"\n'
    with pytest.raises(CityError) as caught:
        read_observations(text)
    assert [e.field for e in caught.value.errors] == ["value"]


@pytest.mark.parametrize("value", ["NaN", "nan", "-inf", "Infinity"])
def test_what_a_device_calls_no_number_is_a_bad_value_and_no_fault(value):
    text = f"stream,device_time,value,quality\nA,2026-03-01T08:00:00+08:00,{value},bad\n"
    found = read_observations(text)
    assert math.isnan(found.value[0])
    assert found.quality[0] == Quality.BAD


def test_every_fault_of_one_row_is_told():
    rules = "stream,rule,kind,limit,latch,period_s,confidence\nA,,hi,x,maybe,y,sure\n"
    with pytest.raises(CityError) as caught:
        read_rules(rules, "rules.csv")
    fields = [e.field for e in caught.value.errors]
    assert fields == ["rule", "kind", "latch", "confidence", "limit", "period_s"]
    assert str(caught.value).startswith("rules.csv 有 6 处不对，第 2 行：")
    assert "不确定，使用前须核对" in str(caught.value.errors[3])


@pytest.mark.parametrize("word", ["uncertain", "不确定，使用前须核对"])
def test_confidence_is_read_in_both_languages(word):
    book = read_rules(f"stream,rule,kind,limit,confidence\nA,H,high,1,{word}\n")
    assert book.rules[0].confidence is Confidence.UNCERTAIN


def test_acts_of_a_file():
    text = (
        "time,stream,rule,act,by,until\n"
        "2026-03-01T08:00:00+08:00,A,H,shelve,王,2026-03-01T09:00:00+08:00\n"
        "2026-03-01T08:00:00+08:00,A,H,shelve,王,\n"
    )
    with pytest.raises(CityError) as caught:
        read_acts(text)
    assert [(e.code, e.row) for e in caught.value.errors] == [("monitoring.bad_act", 3)]
    (act,) = read_acts("\n".join(text.splitlines()[:2]))
    assert act.kind is ActKind.SHELVE


def test_acts_on_unknown_rules_are_told():
    act = Act(at("01:00"), LEVEL, "nothing", ActKind.RESET, "王")
    found = alarm_list(start(BOOK, micros(BEGIN)), at("02:00"), [act])
    assert found.idle_acts == ((act, "unknown_rule"),)


def test_what_was_settled_is_not_asked_again():
    monitor = deliver(start(BOOK, micros(BEGIN)), NONE, micros(at("12:00", day=3)))
    with pytest.raises(InvalidError) as caught:
        alarm_list(monitor, at("12:00"))
    assert caught.value.code == "monitoring.settled"


def test_a_promise_is_not_taken_back():
    monitor = deliver(start(BOOK, micros(BEGIN)), NONE, micros(at("12:00")))
    with pytest.raises(ConflictError) as caught:
        deliver(monitor, NONE, micros(at("11:00")))
    assert caught.value.code == "monitoring.set_back"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"standing": {}},
        {"kept": {"stream": [0]}},
        {"begin_us": None},
        {"policy": {"ahead_s": 1, "other": 2}},
    ],
)
def test_a_state_that_was_spoiled_is_refused(change):
    held = json.loads(monitor_json(start(BOOK, micros(BEGIN)))) | change
    with pytest.raises(InvalidError) as caught:
        monitor_from(json.dumps(held), BOOK)
    assert caught.value.code == "monitoring.bad_state"


def test_a_receipt_of_the_year_one_spoils_nobody_elses_rate():
    names = [f"S{i}" for i in range(40)]
    book = rule_book(
        [Stream(name, "m", period_s=60) for name in names],
        [Rule(name, "R", AlarmKind.RISE, 0.5) for name in names],
    )
    long_ago = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
    given = [Observation(names[0], at("01:00"), long_ago, 1.0)]
    given += [
        Observation(name, at(clock), at(clock), value)
        for name in names
        for clock, value in (("01:00", 1.0), ("01:01", 2.0), ("01:02", 2.1))
    ]
    found = alarm_list(deliver(start(book, micros(BEGIN)), observations_of(given)), at("01:03"))
    assert [(a.rule.stream, a.raised_at, a.returned_at) for a in found.alarms] == sorted(
        (name, at("01:01"), at("01:02")) for name in names
    )


def test_rows_that_are_written_otherwise_say_the_same():
    head = "stream,device_time,receive_time,value,quality,sent\n"
    plain = head + "A,2026-03-01T08:00:00+08:00,2026-03-01T08:00:01+08:00,12.5,good,live\n"
    other = (
        "sent, quality ,value,receive_time,device_time,stream,note\n\n"
        "LIVE,Good,1.25e1,2026-03-01T00:00:01Z, 2026-03-01T00:00:00Z , A ,x\n"
    )
    one, two = read_observations(plain), read_observations(other)
    for name in ("stream", "device_us", "receive_us", "value", "quality", "sent"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()
    assert one.names == two.names == ("A",)


def test_a_short_row_and_a_file_without_rows():
    short = read_observations("stream,device_time,value\nA,2026-03-01T08:00:00+08:00\n")
    assert math.isnan(short.value[0])
    assert len(read_observations("stream,device_time\n")) == 0


@pytest.mark.parametrize("text", ["", "stream\n", 'stream,device_time\n"A,x'])
def test_what_is_no_table_is_refused(text):
    with pytest.raises(CityError) as caught:
        read_observations(text)
    assert caught.value.code in ("monitoring.no_column", "monitoring.bad_csv")
