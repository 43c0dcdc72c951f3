"""Views of layers in the memory of this process, kept up to the store's version.

A layer's rows lie in a snapshot file that all processes map: built once, by whoever needs it
first, under a lock file. What changed since lies in a small delta of each process. Whoever asks
reads the versions of all layers once and gets views that are at least as new.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gis.errors import FileError, NotFoundError
from gis.layers import LayerSpec
from gis.snapshot import Snapshot, write
from gis.view import LayerView

#: More pending edits than these and a new snapshot is made.
MOST_PENDING = 5000
#: Layers of fewer rows are read from the store by each process; a file would cost more.
SMALL = 1000


class Views:
    """The views of one process.

    Parameters
    ----------
    folder
        Where snapshot files lie; shared by all processes of the deployment.
    """

    def __init__(
        self, folder: Path, *, most_pending: int = MOST_PENDING, small: int = SMALL
    ) -> None:
        self._folder = folder
        self._most_pending = most_pending
        self._small = small
        self._kept: dict[str, LayerView] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def view(
        self, tx: Any, spec: LayerSpec, versions: Mapping[str, int] | None = None
    ) -> LayerView:
        """The layer as of the state that `tx` reads, or newer.

        Within a writing transaction the view holds its uncommitted writes and is not kept.

        Parameters
        ----------
        versions
            What ``tx.layers.versions()`` gave, when it was read already.

        Raises
        ------
        NotFoundError
            When the layer has no table in the store.
        """
        known = tx.layers.versions() if versions is None else versions
        wanted = known.get(spec.name)
        if wanted is None:
            raise NotFoundError("layer.no_table", "图层 {got} 还没有表", got=spec.name)
        if getattr(tx, "writes", False):
            return self._uncommitted(tx, spec)
        kept = self._fitting(spec)
        if kept is not None and kept.version >= wanted:
            return kept
        with self._lock_of(spec.name):
            kept = self._fitting(spec)
            if kept is None or kept.version < wanted:
                kept = self._newer(tx, spec, kept)
                self._kept[spec.name] = kept
        return kept

    def _fitting(self, spec: LayerSpec) -> LayerView | None:
        kept = self._kept.get(spec.name)
        return kept if kept is not None and kept.spec == spec else None

    def _lock_of(self, layer: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(layer, threading.Lock())

    def _uncommitted(self, tx: Any, spec: LayerSpec) -> LayerView:
        kept = self._fitting(spec)
        if kept is not None:
            changes = tx.layers.changes(spec, kept.version, self._most_pending)
            if changes is not None:
                return kept.apply(changes)
        return LayerView(Snapshot.of(*tx.layers.load(spec)))

    def _newer(self, tx: Any, spec: LayerSpec, kept: LayerView | None) -> LayerView:
        """View at the state of `tx`: by the changes since what is kept, or from a snapshot."""
        if kept is not None:
            changed = self._changed(tx, kept)
            if changed is not None:
                return changed
        if tx.layers.counts().get(spec.name, 0) < self._small:
            return LayerView(Snapshot.of(*tx.layers.load(spec)))
        mapped = self._from_file(tx, spec)
        if mapped is not None:
            return mapped
        with _locked(self._folder / f"{spec.name}.lock"):
            return self._from_file(tx, spec) or self._built(tx, spec)

    def _changed(self, tx: Any, view: LayerView) -> LayerView | None:
        room = self._most_pending - view.pending
        changes = tx.layers.changes(view.spec, view.version, room) if room > 0 else None
        if changes is None:
            return None
        return view.apply(changes) if changes.version > view.version else view

    def _from_file(self, tx: Any, spec: LayerSpec) -> LayerView | None:
        """View from the newest snapshot file that is not too far behind."""
        for _, path in sorted(self._files(spec), reverse=True):
            try:
                opened = LayerView(Snapshot.open(path, spec))
            except FileError:
                path.unlink(missing_ok=True)
                continue
            except (NotFoundError, OSError):
                continue
            changed = self._changed(tx, opened)
            if changed is not None:
                return changed
        return None

    def _files(self, spec: LayerSpec) -> Iterator[tuple[int, Path]]:
        named = re.compile(rf"{re.escape(spec.name)}-(\d+)\.snap")
        for path in self._folder.glob(f"{spec.name}-*.snap"):
            found = named.fullmatch(path.name)
            if found:
                yield int(found.group(1)), path

    def _built(self, tx: Any, spec: LayerSpec) -> LayerView:
        version, batch = tx.layers.load(spec)
        path = self._folder / f"{spec.name}-{version}.snap"
        try:
            write(path, version, batch)
            self._remove_before(spec, version)
        except OSError:
            # A full disk must not stop readers: the rows are in memory then, not shared.
            return LayerView(Snapshot.of(version, batch))
        del batch
        return LayerView(Snapshot.open(path, spec))

    def _remove_before(self, spec: LayerSpec, version: int) -> None:
        """Delete older files; a process that still maps one goes on reading it."""
        for number, path in self._files(spec):
            if number < version:
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a lock between processes; where the system or the folder has none, go on without."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            file.parent.mkdir(parents=True, exist_ok=True)
            # Closing the file lets the lock go, also when the process is killed.
            fcntl.flock(held.enter_context(file.open("a")), fcntl.LOCK_EX)
        yield
