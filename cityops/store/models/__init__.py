"""Tables of the store, one module per kind of record; each module names its tables on `Base`.

``load_all`` imports them all, so that ``Base.metadata`` is complete. Modules are imported when
their records are asked for: a command that reads layers loads no account machinery.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: ``info`` of a column whose values are digests of files in the file store; a backup that lacks
#: one of them says so.
NAMES_A_FILE = {"file": True}


class Base(DeclarativeBase):
    """Every table of the store but those of layers, which are made from their declarations."""

    metadata = MetaData(naming_convention=NAMING)


def load_all() -> MetaData:
    """Metadata of every table, after importing each module of this package."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return Base.metadata
