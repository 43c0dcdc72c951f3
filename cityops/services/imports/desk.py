"""The desk where files come in: received, looked at, imported as a job, taken back."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cityops.services.accounts import AccountService
from cityops.services.deliveries import Delivery, DeliveryState
from cityops.services.imports.service import ImportOptions, ImportService, Progress
from cityops.services.jobs import Job, JobService
from cityops.services.permissions import GRANTS, Action, require
from cityops.services.ports import FileStore, Store
from cityops.services.reading.sniff import base_name, format_of
from cityops.services.roles import Person
from gis.errors import (
    CityError,
    ConflictError,
    FileError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    error_body,
)

#: Kind of the jobs that look at a delivery or import it.
JOB_KIND = "import"
_MEGABYTE = 1_000_000
#: What a shapefile consists of, and what programs lay beside it.
_PARTS = frozenset(
    {".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".xml", ".qmd"}
)
#: What of a look still stands after the import.
_SHOWN = ("sketch", "rows", "columns", "fields", "geometry", "coordinate_columns", "suggested")
_SLUG = re.compile(r"[^a-z0-9]+")


class DeliveryDesk:
    """Deliveries of one deployment.

    Parameters
    ----------
    max_upload_mb
        Most that one file may have, in megabytes.
    """

    def __init__(
        self,
        store: Store,
        files: FileStore,
        imports: ImportService,
        jobs: JobService,
        accounts: AccountService,
        now: Callable[[], datetime],
        max_upload_mb: int = 200,
    ) -> None:
        self._store = store
        self._files = files
        self._imports = imports
        self._jobs = jobs
        self._accounts = accounts
        self._now = now
        self._most = max_upload_mb * _MEGABYTE

    def receive(self, person: Person, files: Sequence[tuple[str, BinaryIO]]) -> Delivery:
        """Keep a file that came in, or the parts of one shapefile; only heads are read.

        Parameters
        ----------
        files
            Names that the sender gave, and what is in them.

        Raises
        ------
        ForbiddenError
            When the person may not import anything.
        FileError
            When it is of no kind that is read, or not what its name says, or several files are
            not the parts of one shapefile.
        InvalidError
            When it is too large.
        UnavailableError
            When it cannot be written.
        """
        require_importer(person)
        if len(files) == 1:
            name, source = files[0]
            digest, size = self._files.put_stream(source, self._most, _of_its_kind(name))
        else:
            name = shapefile_of([name for name, _ in files])
            with tempfile.TemporaryFile() as archive:
                _pack(files, archive)
                digest, size = self._files.put_stream(archive, self._most, _of_its_kind(name))
        name = base_name(name)[:300]
        options = ImportOptions(layer=layer_name(name), new=True, title=title_of(name))
        delivery = Delivery(
            filename=name,
            sha256=digest,
            size_bytes=size,
            person_id=person.id,
            at=self._now().isoformat(timespec="seconds"),
            options=asdict(options),
        )
        with self._store.writing() as tx:
            taken = {spec.name for spec in tx.layers.registry()}
            free = _unused(options.layer, taken)
            delivery = replace(delivery, options=delivery.options | {"layer": free})
            number = tx.deliveries.add(delivery)
            told = {"file": name, "sha256": digest, "bytes": size}
            tx.audit.add(person, "delivery.receive", f"delivery:{number}", detail=told)
        return replace(delivery, id=number)

    def latest(self, person: Person, limit: int = 50) -> list[Delivery]:
        """The newest deliveries: one's own, or all for data managers of the whole city.

        Raises
        ------
        ForbiddenError
            When the person may not import anything.
        """
        require_importer(person)
        with self._store.reading() as tx:
            found: list[Delivery] = tx.deliveries.latest(
                None if person.manages_all_data else person.id, limit
            )
        return found

    def get(self, person: Person, number: int) -> Delivery:
        """One delivery with its last report.

        Raises
        ------
        ForbiddenError
            When the person may not import anything.
        NotFoundError
            When there is none, or none for this person.
        """
        require_importer(person)
        with self._store.reading() as tx:
            delivery: Delivery | None = tx.deliveries.get(number)
        if delivery is None or not (delivery.person_id == person.id or person.manages_all_data):
            raise NotFoundError("delivery.unknown", "没有交付 {got}", field="id", got=number)
        return delivery

    def submit(self, person: Person, number: int, options: ImportOptions) -> Job:
        """Look at a delivery (``dry_run``) or import it, as a job; an earlier look is cancelled.

        Raises
        ------
        NotFoundError
            When there is no such delivery for this person.
        ConflictError
            When it is stored already, or being imported.
        """
        while True:
            delivery = self.get(person, number)
            _refuse_stored(delivery)
            self._stop_before(person, delivery)
            job = self._begun(person, delivery, options)
            if job is not None:
                return job

    def _begun(self, person: Person, delivery: Delivery, options: ImportOptions) -> Job | None:
        """The job of `submit`, None when another one was begun since `delivery` was read."""
        payload = {"delivery": delivery.id, "options": asdict(options)}
        with self._store.writing() as tx:
            now: Delivery = tx.deliveries.get(delivery.id)
            _refuse_stored(now)
            if now.job != delivery.job:
                return None
            job = self._jobs.submit_in(tx, person, JOB_KIND, payload)
            kept = asdict(replace(options, dry_run=False))
            tx.deliveries.update(delivery.id, options=kept, job=job.id)
        return job

    def _stop_before(self, person: Person, delivery: Delivery) -> None:
        """End an earlier job of the delivery.

        Raises
        ------
        ConflictError
            When it imports: that is not ended by the way.
        """
        if delivery.job is None:
            return
        try:
            before = self._jobs.get(person, delivery.job)
            if not before.payload["options"].get("dry_run") and before.finished_at is None:
                raise ConflictError(
                    "delivery.busy", "第 {got} 次交付正在导入", field="id", got=delivery.id
                )
            self._jobs.cancel(person, delivery.job)
        except (NotFoundError, ConflictError) as fault:
            if fault.code == "delivery.busy":
                raise

    def work(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Do a job of `submit`, with the rights its person has now; gives a short result.

        A look never fails: what is wrong stands in the delivery's report.

        Raises
        ------
        CityError
            What refuses an import; the delivery's report says it too.
        """
        person = self._accounts.acting(job.person_id)
        delivery = self.get(person, int(job.payload["delivery"]))
        if delivery.state is DeliveryState.STORED:
            return _short(delivery.id, delivery.report or {})  # done before this worker came
        options = ImportOptions.from_dict(job.payload["options"])
        path = self._files.path(delivery.sha256)
        if options.dry_run:
            report = self._imports.look(person, path, delivery.filename, options, progress)
            self._note(job, delivery.id, DeliveryState.RECEIVED, report)
            return _short(delivery.id, report)
        try:
            report = self._imports.run(
                person, path, delivery.filename, options, progress, delivery.id
            )
        except UnavailableError:
            raise
        except CityError as refusal:
            told = {"dry_run": False, "refusal": error_body(refusal)}
            self._note(job, delivery.id, DeliveryState.REFUSED, told)
            raise
        if report["duplicate"]:
            self._note(job, delivery.id, DeliveryState.REFUSED, report)
        else:
            self._note(job, delivery.id, DeliveryState.STORED, _with_looks(delivery, report))
        return _short(delivery.id, report)

    def _note(self, job: Job, number: int, state: DeliveryState, report: Mapping[str, Any]) -> None:
        """Keep what a job found, unless a later one has begun.

        Rows are stored, and taken back, together with the state that says so: a note on its way
        to or from that state comes late, from a run of the job that another one overtook.
        """
        stored = state is DeliveryState.STORED
        with self._store.writing() as tx:
            now: Delivery = tx.deliveries.get(number)
            if now.job == job.id and (now.state is DeliveryState.STORED) == stored:
                tx.deliveries.update(number, state=state, report=dict(report))

    def undo(self, person: Person, number: int) -> dict[str, Any]:
        """Take the rows of a delivery out of their layer again, all or none.

        A layer that was made for the delivery and holds nothing else is withdrawn with them.

        Raises
        ------
        NotFoundError
            When there is no such delivery for this person.
        ForbiddenError
            When the person may not import into the layer.
        ConflictError
            When it is not stored, or rows of it were changed since.
        """
        delivery = self.get(person, number)
        with self._store.writing() as tx:
            delivery = tx.deliveries.get(number)
            if delivery.state is not DeliveryState.STORED or delivery.layer is None:
                raise ConflictError(
                    "delivery.not_stored",
                    "第 {got} 次交付没有导入，无从撤销",
                    field="id",
                    got=number,
                )
            spec = tx.layers.registry().get(delivery.layer)
            require(person, spec, Action.IMPORT)
            rows: Mapping[int, int] = tx.layers.brought_by(spec, number)
            changed = [fid for fid, version in rows.items() if version != 1]
            if changed:
                raise ConflictError(
                    "delivery.changed_since",
                    "其中 {got} 个要素导入后被修改过，不能撤销",
                    field="id",
                    got=len(changed),
                    hint="请在列表中逐个处理",
                )
            removed = tx.layers.remove(spec, list(rows))
            tx.deliveries.update(number, state=DeliveryState.UNDONE)
            withdrawn = _made_for(tx, delivery)
            if withdrawn:
                tx.layers.withdraw(spec)
            told = {"layer": spec.name, "removed": removed, "layer_withdrawn": withdrawn}
            tx.audit.add(person, "layer.import.undo", f"delivery:{number}", detail=told)
        return {"delivery": number} | told


def _made_for(tx: Any, delivery: Delivery) -> bool:
    """Whether a delivery made its layer, and neither rows nor other deliveries are left in it."""
    made = bool((delivery.report or {}).get("new_layer"))
    return (
        made
        and not tx.layers.counts()[delivery.layer]
        and not tx.deliveries.stored_in(delivery.layer)
    )


def _refuse_stored(delivery: Delivery) -> None:
    if delivery.state is DeliveryState.STORED:
        raise ConflictError(
            "delivery.stored",
            "第 {got} 次交付已经导入",
            field="id",
            got=delivery.id,
            hint="如需重来，先撤销这次导入",
        )


def _with_looks(delivery: Delivery, report: Mapping[str, Any]) -> dict[str, Any]:
    """The report of an import with what its last look showed, for the page."""
    seen = delivery.report or {}
    return dict(report) | {name: seen[name] for name in _SHOWN if name in seen}


def _short(number: int, report: Mapping[str, Any]) -> dict[str, Any]:
    names = ("dry_run", "layer", "rows_in", "stored", "refused_rows", "duplicate")
    refusal = (report.get("refusal") or {}).get("error")
    return {"delivery": number, "refusal": refusal} | {n: report.get(n) for n in names}


def require_importer(person: Person) -> None:
    """Refuse who may import into no layer at all.

    Raises
    ------
    ForbiddenError
        Then.
    """
    grants = (actions for role in person.roles for actions in GRANTS[role].values())
    if not any(Action.IMPORT in actions for actions in grants):
        raise ForbiddenError(
            "permission.import",
            "{person} 没有导入数据的权限",
            params={"person": person.name},
            hint="请向安全管理员申请",
        )


def _of_its_kind(name: str) -> Callable[[Path], object]:
    """Refuses a file that is of no kind that is read, or not what its name says."""
    return lambda path: format_of(path, base_name(name)[:300])


def shapefile_of(names: Sequence[str]) -> str:
    """Name of the archive that the parts of one shapefile make.

    Raises
    ------
    FileError
        When the names are not those of one shapefile.

    Examples
    --------
    >>> shapefile_of(["pipes.shp", "pipes.DBF", "pipes.shx"])
    'pipes.zip'
    """
    known = [PurePosixPath(base_name(name)) for name in names]
    stems = {path.stem for path in known}
    endings = [path.suffix.lower() for path in known]
    fits = len(stems) == 1 and ".shp" in endings and set(endings) <= _PARTS
    if not fits or len(set(endings)) < len(endings):
        raise FileError(
            "file.not_one",
            "一次只收一个文件，或一个 Shapefile 的整组文件；得到 {count} 个",
            field="file",
            got=[str(path)[:80] for path in known[:20]],
            params={"count": len(names)},
            hint="其余文件请分别上传",
        )
    return f"{stems.pop()}.zip"


def _pack(files: Sequence[tuple[str, BinaryIO]], archive: BinaryIO) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
        for name, source in files:
            with out.open(base_name(name), "w") as member:
                shutil.copyfileobj(source, member)
    archive.seek(0)


def layer_name(filename: str) -> str:
    """A name that a layer made from the file could have.

    Examples
    --------
    >>> layer_name("Bus Stops (2026).geojson"), layer_name("管线.zip")
    ('bus_stops_2026', 'layer')
    """
    slug = _SLUG.sub("_", PurePosixPath(filename).stem.lower()).strip("_")[:30].strip("_")
    return slug if slug[:1].isalpha() else f"layer_{slug}".strip("_")


def title_of(filename: str) -> str:
    """A title that a layer made from the file could have: the file's name."""
    return PurePosixPath(filename).name.partition(".")[0][:40] or "新图层"


def _unused(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(n for i in range(2, 100_000) if (n := f"{name}_{i}") not in taken)


def run_job(services: Any, job: Job, progress: Progress) -> dict[str, Any]:
    """The job ``import``: look at a delivery, or import it."""
    done: dict[str, Any] = services.deliveries.work(job, progress)
    return done
