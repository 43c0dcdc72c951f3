"""Enterprises and sensors of the model city: registers that are taken, faults that are found."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from generate.city import plan_of
from generate.enterprises import SURVEYED
from generate.frame import Settings
from generate.hazards import hazard_rows, hazards_of, register_sheets
from generate.sensors import DAY, watch_of

from gis.layers import FieldType
from hazards.credit_code import checked_code
from hazards.layers import LAYERS
from hazards.monitoring.alarms import alarm_list
from hazards.monitoring.monitor import deliver, start
from hazards.monitoring.observations import micros
from hazards.registers.comparing import findings_of
from hazards.registers.workbook import read_register

SEEDS = (120103, 7, 2026)


@pytest.fixture(scope="module", params=SEEDS)
def settings(request):
    return Settings(request.param, 0.6)


@pytest.fixture(scope="module")
def pilots(settings):
    """Each pilot with its hazards, made on its own."""
    return [(p, hazards_of(settings, plan_of(settings, p))) for p in settings.pilots()]


@pytest.fixture(scope="module")
def sites(pilots):
    return [site for _, found in pilots for site in found.sites]


@pytest.fixture(scope="module")
def register(sites):
    outcome = read_register(register_sheets(sites), SURVEYED)
    assert outcome.faults == ()
    return outcome.register


def test_the_register_is_taken_without_a_fault(register, sites):
    assert len(register.enterprises) == len(sites) == 22 + 2


def test_credit_codes_are_valid_and_nobodys(sites):
    codes = [s.enterprise.credit_code for s in sites]
    assert [checked_code(c) for c in codes] == codes
    assert len(set(codes)) == len(codes)
    assert {c[:2] for c in codes} == {"Y1"}


def test_names_say_that_they_are_made_up(sites):
    assert all(s.enterprise.name.startswith("示例") for s in sites)


def test_rows_hold_what_their_layers_declare(pilots):
    specs = {spec.name: spec for spec in LAYERS}
    for _, found in pilots:
        for name, rows in hazard_rows(found).items():
            spec = specs[name]
            needed = {f.name for f in spec.fields if f.required}
            codes = {f.name: {c.code for c in f.codes} for f in spec.fields if f.codes}
            assert len({values["id"] for _, values in rows}) == len(rows)
            for _, values in rows:
                assert needed <= {k for k, v in values.items() if v is not None}
                assert set(values) <= set(spec.field_names)
                assert "合成数据" in values["source"]
                assert all(values.get(k) in c | {None} for k, c in codes.items())


def test_numbers_of_rows_are_numbers(pilots):
    numbers = {
        (spec.name, f.name): int if f.type is FieldType.INTEGER else float
        for spec in LAYERS
        for f in spec.fields
        if f.type in (FieldType.INTEGER, FieldType.REAL)
    }
    for _, found in pilots:
        for name, rows in hazard_rows(found).items():
            for _, values in rows:
                kinds = {(name, k): type(v) for k, v in values.items() if v is not None}
                assert all(kinds[k] is numbers[k] for k in kinds.keys() & numbers.keys())


def test_every_planted_fault_of_a_unit_is_found_and_nothing_else(register, sites):
    found = {
        (f.kind, f.credit_code, f.unit_no, f.holding.cas if f.holding else "")
        for f in findings_of(register)
    }
    planted = {(p.kind, p.credit_code, p.unit_no, p.cas) for s in sites for p in s.planted}
    assert found == planted


def test_planted_sensor_faults_raise_their_alarms_and_nothing_else_does(settings, pilots):
    for pilot, made in pilots:
        watch = watch_of(settings, pilot, made.sensors)
        monitor = deliver(start(watch.book, micros(DAY)), watch.observations)
        found = alarm_list(monitor, DAY + timedelta(days=1)).alarms
        raised = Counter((a.rule.stream, a.rule.kind.value) for a in found)
        assert raised == Counter((p.stream, p.kind) for p in watch.planted)


def test_a_day_of_readings_is_the_same_each_time(settings, pilots):
    pilot, made = pilots[0]
    once, twice = (watch_of(settings, pilot, made.sensors).observations for _ in range(2))
    assert np.array_equal(once.value, twice.value)
    assert np.array_equal(once.receive_us, twice.receive_us)
