"""Enterprises and sensors of the model city: registers that are taken, faults that are found."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from generate.city import plan_of
from generate.enterprises import (
    SURVEYED,
    register_sheets,
    site_rows,
    sites_of,
)
from generate.frame import Settings
from generate.sensors import DAY, sensors_of, watch_of

from hazards.credit_code import checked_code
from hazards.monitoring.alarms import alarm_list
from hazards.monitoring.monitor import deliver, start
from hazards.monitoring.observations import micros
from hazards.registers.substances import grading_of
from hazards.registers.workbook import read_register

SEEDS = (120103, 7, 2026)


@pytest.fixture(scope="module", params=SEEDS)
def settings(request):
    return Settings(request.param, 0.6)


@pytest.fixture(scope="module")
def sites(settings):
    return sites_of(settings, [plan_of(settings, pilot) for pilot in settings.pilots()])


@pytest.fixture(scope="module")
def register(sites):
    outcome = read_register(register_sheets(sites), SURVEYED)
    assert outcome.faults == ()
    return outcome.register


def test_the_register_is_taken_without_a_fault(register, sites):
    assert len(register.enterprises) == len(sites) == 24


def test_credit_codes_are_valid_and_nobodys(sites):
    codes = [s.enterprise.credit_code for s in sites]
    assert [checked_code(c) for c in codes] == codes
    assert len(set(codes)) == len(codes)
    assert {c[:2] for c in codes} == {"Y1"}


def test_names_say_that_they_are_made_up(sites):
    assert all(s.enterprise.name.startswith("示例") for s in sites)
    assert all("合成" in row["source"] for _, row in site_rows(sites))


def test_grading_finds_every_unit_that_was_not_filed_or_filed_too_low(register, sites):
    declared = {(d.credit_code, d.unit_no): d.grade for s in sites for d in s.declared}
    found = set()
    for unit in register.units:
        key = (unit.credit_code, unit.unit_no)
        true = grading_of(register, unit).grade or 0
        if true != declared[key]:
            found.add(("unfiled" if declared[key] == 0 else "understated", *key))
    planted = {
        (p.kind, p.credit_code, p.unit_no)
        for s in sites
        for p in s.planted
        if p.kind != "unlicensed"
    }
    assert found == planted


def test_quantities_above_the_licence_are_those_that_were_planted(register, sites):
    licensed = {(x.credit_code, x.unit_no, x.cas): x.licensed_t for s in sites for x in s.licences}
    keys = [(h.credit_code, h.unit_no, h.cas) for h in register.holdings]
    over = {k for k, h in zip(keys, register.holdings, strict=True) if h.design_max_t > licensed[k]}
    planted = {
        (p.credit_code, p.unit_no, p.cas)
        for s in sites
        for p in s.planted
        if p.kind == "unlicensed"
    }
    assert over == planted


def test_planted_sensor_faults_raise_their_alarms_and_nothing_else_does(settings, sites):
    watch = watch_of(settings, sensors_of(sites, [(117.2, 39.1)]))
    monitor = deliver(start(watch.book, micros(DAY)), watch.observations)
    found = alarm_list(monitor, DAY + timedelta(days=1)).alarms
    raised = Counter((a.rule.stream, a.rule.kind.value) for a in found)
    assert raised == Counter((p.stream, p.kind) for p in watch.planted)


def test_a_day_of_readings_is_the_same_each_time(settings, sites):
    sensors = sensors_of(sites[:2], [(117.2, 39.1)])
    once, twice = (watch_of(settings, sensors).observations for _ in range(2))
    assert np.array_equal(once.value, twice.value)
    assert np.array_equal(once.receive_us, twice.receive_us)
