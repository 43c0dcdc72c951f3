"""All schemes of a city in one value, and what may be asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from gis.errors import CityError, InvalidError, NotFoundError
from grid.classes import ClassKey
from grid.schemes.values import AreaClass, FilingCondition, SchemeClass, SchemeInfo, holds_on

_SPACE = re.compile(r"\s+")


class SchemeBook:
    """Classes and filing conditions by key.

    Parameters
    ----------
    infos, classes, conditions
        Rows of the tables.

    Raises
    ------
    InvalidError
        ``scheme.invalid`` with every fault of the tables, see :func:`faults_of`.

    Examples
    --------
    >>> from grid.schemes.shipped import shipped_schemes
    >>> key = ClassKey("event", "GB/T 30428.2-2013", "0401")
    >>> shipped_schemes().conditions_of(key)[0].limit_for(None).told
    '2 紧急工作时'
    """

    def __init__(
        self,
        infos: Iterable[SchemeInfo],
        classes: Iterable[SchemeClass],
        conditions: Iterable[FilingCondition],
    ) -> None:
        self.infos = tuple(infos)
        self.classes = tuple(classes)
        self.conditions = tuple(conditions)
        faults = list(faults_of(self.infos, self.classes, self.conditions))
        if faults:
            raise InvalidError(
                "scheme.invalid",
                "方案表有 {count} 处不对：{first}",
                params={"count": len(faults), "first": str(faults[0])},
                errors=faults,
            )
        self._infos = {(i.domain, i.scheme): i for i in self.infos}
        self._classes = {c.key: c for c in self.classes}
        self._conditions = {c.id: c for c in self.conditions}
        self._by_class: dict[ClassKey, list[FilingCondition]] = {}
        for condition in self.conditions:
            for key in condition.keys:
                self._by_class.setdefault(key, []).append(condition)

    def info(self, domain: str, scheme: str) -> SchemeInfo:
        """Head of a scheme.

        Raises
        ------
        NotFoundError
            ``scheme.unknown`` when there is no such scheme in the domain.
        """
        found = self._infos.get((domain, scheme))
        if found is None:
            raise NotFoundError(
                "scheme.unknown",
                "没有{domain}分类方案 {got}",
                field="scheme",
                got=scheme,
                expected=sorted(s for d, s in self._infos if d == domain),
                params={"domain": {"component": "部件", "event": "事件"}.get(domain, domain)},
            )
        return found

    def class_of(self, key: ClassKey, on: date | None = None) -> SchemeClass:
        """A class, in force on a day where one is given.

        Raises
        ------
        NotFoundError
            ``scheme.unknown``, ``scheme.unknown_class``.
        InvalidError
            ``scheme.class_off`` when the class or its scheme is not in force.
        """
        info = self.info(key.domain, key.scheme)
        found = self._classes.get(key)
        if found is None:
            raise NotFoundError(
                "scheme.unknown_class",
                "分类方案 {scheme} 里没有代码 {got}",
                field="class_code",
                got=key.code,
                params={"scheme": key.scheme},
                hint="同一代码在不同方案里是不同的类，检查方案名称",
            )
        whole = holds_on(info.valid_from, info.valid_to, on)
        if not (whole and holds_on(found.valid_from, found.valid_to, on)):
            raise InvalidError(
                "scheme.class_off",
                "{name}（{got}）在 {day} 不可用",
                field="class_code",
                got=key.code,
                params={"name": found.title.zh, "day": on.isoformat() if on else ""},
            )
        return found

    def conditions_of(self, key: ClassKey, on: date | None = None) -> tuple[FilingCondition, ...]:
        """Filing conditions of a class in force on a day, in the order of the table."""
        known = self._by_class.get(key, ())
        return tuple(c for c in known if holds_on(c.valid_from, c.valid_to, on))

    def condition(
        self, condition_id: str, key: ClassKey, on: date | None = None
    ) -> FilingCondition:
        """A condition of a class.

        Raises
        ------
        NotFoundError
            ``scheme.unknown_condition`` when there is no such condition.
        InvalidError
            ``scheme.foreign_condition`` when it belongs to other classes,
            ``scheme.condition_off`` when it is not in force.
        """
        found = self._conditions.get(condition_id)
        own = [c.id for c in self.conditions_of(key, on)]
        if found is None:
            raise NotFoundError(
                "scheme.unknown_condition",
                "没有立案条件 {got}",
                field="condition",
                got=condition_id[:80],
                expected=own,
            )
        if key not in found.keys:
            raise InvalidError(
                "scheme.foreign_condition",
                "立案条件 {got} 不属于 {code}",
                field="condition",
                got=condition_id,
                expected=own,
                params={"code": f"{key.domain}:{key.scheme}:{key.code}"},
            )
        if not holds_on(found.valid_from, found.valid_to, on):
            raise InvalidError(
                "scheme.condition_off",
                "立案条件 {got} 当日不可用",
                field="condition",
                got=condition_id,
                expected=own,
            )
        return found

    def merged(self, other: SchemeBook) -> SchemeBook:
        """Both books together; a scheme of the other replaces the one of its name.

        Raises
        ------
        InvalidError
            ``scheme.renumbered`` when the other gives a code of this book another meaning or
            leaves one out, ``scheme.invalid``.
        """
        replaced = {(i.domain, i.scheme) for i in other.infos}
        check_successor(self, other)
        return SchemeBook(
            [i for i in self.infos if (i.domain, i.scheme) not in replaced] + list(other.infos),
            [c for c in self.classes if (c.key.domain, c.key.scheme) not in replaced]
            + list(other.classes),
            [c for c in self.conditions if not _of_any(c, replaced)] + list(other.conditions),
        )


def _of_any(condition: FilingCondition, schemes: set[tuple[str, str]]) -> bool:
    return any((key.domain, key.scheme) in schemes for key in condition.keys)


def check_successor(old: SchemeBook, new: SchemeBook) -> None:
    """Refuse a new table that renumbers: codes are switched off, never used again or dropped.

    Raises
    ------
    InvalidError
        ``scheme.renumbered`` with one entry per code.
    """
    schemes = {(i.domain, i.scheme) for i in new.infos}
    known = {c.key: c for c in new.classes}
    faults: list[CityError] = []
    for before in old.classes:
        if (before.key.domain, before.key.scheme) not in schemes:
            continue
        after = known.get(before.key)
        if after is None:
            faults.append(_renumbered(before, None))
        elif plain(after.title.zh) != plain(before.title.zh):
            faults.append(_renumbered(before, after))
    if faults:
        raise InvalidError(
            "scheme.renumbered",
            "有 {count} 个代码改了含义或被删去：{first}",
            field="class",
            params={"count": len(faults), "first": str(faults[0])},
            errors=faults,
            hint="停用的类保留代码，填停用日期；新类用新代码；含义全变时用新的方案名",
        )


def _renumbered(before: SchemeClass, after: SchemeClass | None) -> InvalidError:
    return InvalidError(
        "scheme.code_dropped" if after is None else "scheme.code_reused",
        "代码 {code} 原为“{expected}”，现在{now}",
        field="class",
        got=None if after is None else after.title.zh,
        expected=before.title.zh,
        params={
            "code": before.key.code,
            "now": "没有了" if after is None else f"是“{after.title.zh}”",
        },
    )


def faults_of(
    infos: Iterable[SchemeInfo],
    classes: Iterable[SchemeClass],
    conditions: Iterable[FilingCondition],
) -> Iterator[CityError]:
    """Every contradiction of scheme tables.

    A scheme, class or condition named twice; a class of a scheme that is not there or with a
    code of another form; a condition of a class that is not there; one trigger with two limits;
    dates that run backwards.
    """
    patterns: dict[tuple[str, str], re.Pattern[str]] = {}
    for info in infos:
        if (info.domain, info.scheme) in patterns:
            yield _fault("scheme.twice", "方案 {got} 出现两次", "scheme", info.scheme)
        patterns[info.domain, info.scheme] = re.compile(info.code_pattern)
        yield from _backwards(info.scheme, info.valid_from, info.valid_to)
    keys: set[ClassKey] = set()
    for row in classes:
        yield from _class_faults(row, patterns, keys)
        keys.add(row.key)
    yield from _condition_faults(conditions, keys)


def _class_faults(
    row: SchemeClass,
    patterns: Mapping[tuple[str, str], re.Pattern[str]],
    seen: set[ClassKey],
) -> Iterator[CityError]:
    pattern = patterns.get((row.key.domain, row.key.scheme))
    if pattern is None:
        yield _fault("scheme.unknown", "没有分类方案 {got}", "scheme", row.key.scheme)
    elif not pattern.fullmatch(row.key.code):
        yield _fault("scheme.bad_code", "代码 {got} 不合方案的编码规则", "class", row.key.code)
    if row.key in seen:
        yield _fault("scheme.class_twice", "代码 {got} 出现两次", "class", row.key.code)
    yield from _backwards(row.key.code, row.valid_from, row.valid_to)


def _condition_faults(
    conditions: Iterable[FilingCondition], keys: set[ClassKey]
) -> Iterator[CityError]:
    ids: set[str] = set()
    limits: dict[tuple[ClassKey, str, AreaClass | None, str], tuple[str, str]] = {}
    for row in conditions:
        if row.id in ids:
            yield _fault("scheme.condition_twice", "立案条件 {got} 出现两次", "condition", row.id)
        ids.add(row.id)
        yield from _backwards(row.id, row.valid_from, row.valid_to)
        for key in row.keys:
            if key not in keys:
                yield _fault("scheme.no_class", "立案条件 {got} 的类不存在", "condition", row.id)
        for key in row.keys:
            for step in row.limits:
                at = (key, plain(row.trigger.zh), step.area, step.action)
                told, other = limits.setdefault(at, (step.limit.told, row.id))
                if told != step.limit.told:
                    yield InvalidError(
                        "scheme.contradiction",
                        "同一立案条件“{trigger}”有两个时限：{got} 与 {expected}",
                        field="condition",
                        got=f"{row.id}: {step.limit.told}",
                        expected=f"{other}: {told}",
                        params={"trigger": row.trigger.zh},
                    )


def _backwards(name: str, valid_from: date | None, valid_to: date | None) -> Iterator[CityError]:
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        yield _fault("scheme.backwards", "{got} 的停用日期不晚于启用日期", "valid_to", name)


def _fault(code: str, message: str, field: str, got: str) -> InvalidError:
    return InvalidError(code, message, field=field, got=got)


def plain(text: str) -> str:
    """A text without white space, by which two names are compared.

    Examples
    --------
    >>> plain("上水 井盖") == "上水井盖"
    True
    """
    return _SPACE.sub("", text)
