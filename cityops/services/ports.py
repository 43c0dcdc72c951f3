"""What the services need of a store. Adapters in ``cityops.store`` fulfil these ports.

A store opens transactions: ``with store.reading() as tx`` reads one consistent state and
never takes the write lock; ``with store.writing() as tx`` takes it at once, commits at the
end and rolls back on any exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cityops.services.permissions import Permission
from gis.features import FeatureBatch, IntArray, LayerChanges, ObjectArray
from gis.layers import LayerRegistry, LayerSpec

Box = tuple[float, float, float, float]


class LayerRepo(Protocol):
    """Layers in the store. Every write raises the layer's version by one and is logged."""

    def ensure(self, spec: LayerSpec) -> None:
        """Make the layer's table, R-tree and triggers when they are missing; add new columns."""

    def declare(self, spec: LayerSpec) -> None:
        """Keep the declaration of a layer that a user made from a file (group ``user``)."""

    def withdraw(self, spec: LayerSpec) -> None:
        """Forget an empty layer that a user made from a file; its versions are not used again."""

    def registry(self) -> LayerRegistry:
        """Installed layers and those that users declared."""

    def versions(self) -> Mapping[str, int]:
        """Version of every layer; one indexed read."""

    def counts(self) -> Mapping[str, int]:
        """Rows of every layer."""

    def load(self, spec: LayerSpec) -> tuple[int, FeatureBatch]:
        """Version and all rows by fid, without delivered geometry and extra columns."""

    def changes(self, spec: LayerSpec, since: int, most: int) -> LayerChanges | None:
        """Rows changed after version `since`; None when they are more than `most`."""

    def append(
        self,
        spec: LayerSpec,
        batch: FeatureBatch,
        source_id: int | None,
        accuracy_m: float | None = None,
    ) -> IntArray:
        """Store new rows; gives their fids. A key that exists already is a ConflictError.

        ``accuracy_m`` is the accuracy of converted coordinates in metres, where it is known.
        """

    def put(
        self,
        spec: LayerSpec,
        fid: int,
        values: Mapping[str, Any],
        geometry: Any | None,
        area: str | None,
        expected_version: int | None,
    ) -> int:
        """Change one row; gives its new row version. StaleError when it is not the expected one."""

    def remove(self, spec: LayerSpec, fids: Sequence[int]) -> int:
        """Delete rows; gives how many there were."""

    def clear(self, spec: LayerSpec) -> int:
        """Delete all rows; gives how many there were."""

    def by_key(self, spec: LayerSpec, key: str, permission: Permission) -> FeatureBatch:
        """The row with this key, or a batch of none; permission applied in SQL.

        Batches that were read with a permission hold the columns of ``permission.fields`` only.
        """

    def by_fids(self, spec: LayerSpec, fids: Sequence[int], permission: Permission) -> FeatureBatch:
        """Rows by fid, those the permission reaches, ordered by fid."""

    def brought_by(self, spec: LayerSpec, source_id: int) -> Mapping[int, int]:
        """Rows that a delivery brought: fid -> row version."""

    def origin(self, spec: LayerSpec, fid: int) -> Mapping[str, Any]:
        """source_id, accuracy_m, delivered_crs and row_version of a row."""

    def page(
        self,
        spec: LayerSpec,
        permission: Permission,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        text: str | None = None,
        sort: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> FeatureBatch:
        """A page of rows behind the row `after`, exact box test, permission applied in SQL.

        ``sort`` names a visible field, ``-`` in front for descending; default is by fid.
        ``equal`` values may be text; None and '' mean unknown. Fields that may not be seen
        can neither be filtered, searched nor sorted by: InvalidError.
        """

    def count(
        self,
        spec: LayerSpec,
        permission: Permission,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        text: str | None = None,
    ) -> int:
        """How many rows all pages of `page` hold."""

    def batches(
        self,
        spec: LayerSpec,
        permission: Permission,
        *,
        box: Box | None = None,
        equal: Mapping[str, Sequence[Any]] | None = None,
        size: int = 5000,
    ) -> Iterator[FeatureBatch]:
        """All rows that the permission reaches, in batches, for exports.

        Delivered geometry of one batch has one CRS, ``batch.delivered_crs``.
        """

    def existing_keys(self, spec: LayerSpec, keys: ObjectArray) -> set[str]:
        """Which of `keys` the layer holds already."""


class Transaction(Protocol):
    """One transaction, with a repository per kind of record.

    Adapters add repositories (cases, jobs, accounts, deliveries, audit, outbox) as attributes;
    services that need one name it in a port of their own beside their code.
    """

    @property
    def layers(self) -> LayerRepo:
        """Layers."""


class Store(Protocol):
    """Opens transactions, and keeps files beside what they write."""

    @property
    def files(self) -> FileStore:
        """Files that rows name by their sha256."""

    def reading(self) -> AbstractContextManager[Any]:
        """Read-only transaction."""

    def writing(self) -> AbstractContextManager[Any]:
        """Writing transaction, begun at once."""

    def remove_unnamed_files(self, older_than_s: float) -> int:
        """Remove old files that no row names; gives how many there were."""


class FileStore(Protocol):
    """Content-addressed files: written before the row that names them, never changed."""

    def put(self, data: bytes) -> str:
        """Keep bytes durably; gives their sha256 in hexadecimal."""

    def put_stream(
        self,
        source: BinaryIO,
        limit: int | None = None,
        check: Callable[[Path], object] | None = None,
    ) -> tuple[str, int]:
        """Keep what `source` holds; gives sha256 and size. InvalidError above `limit` bytes.

        `check` looks at the whole file before it is kept; what it raises refuses it.
        """

    def open(self, sha256: str) -> bytes:
        """The bytes, verified; NotFoundError when there are none."""

    def has(self, sha256: str) -> bool:
        """Whether the file is there; its content is not verified."""

    def path(self, sha256: str) -> Path:
        """Where the file lies, for readers that need one."""
