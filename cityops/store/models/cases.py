"""Cases, their history, their photos, and the counter of case numbers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cityops.store.guards import guard
from cityops.store.models import NAMES_A_FILE, Base

#: Columns of indexes that hold all that a list of cases is narrowed to beside their first ones.
NARROWING = {
    "class": ("class_code", "seq", "class_domain", "state", "area", "department"),
    "area": ("area", "state", "department", "class_domain", "class_code", "seq"),
    "state": ("state", "seq", "area", "department", "class_domain", "class_code"),
    "place": ("lon", "lat", "state", "area", "department", "seq"),
}
#: The same for the cases for which somebody waits: few among all.
WAITING = (
    *("waits_for", "area", "department", "assignee", "class_domain", "class_code"),
    *("state", "lon", "lat", "reporter_id", "seq"),
)
WAITS = text("waits_for <> ''")


class CaseRow(Base):
    """A case. Times are ISO 8601 in UTC with milliseconds, so that they sort as texts.

    ``flow`` is the whole case as the workflow sees it, JSON; state, department, assignee and
    deadline stand beside it for lists. ``due_at`` is when disposal is due, null while it is not
    known or stands still. ``waits_for`` names the posts whose turn it is, '' for nobody.

    ``seq`` orders cases by arrival. ``digest`` is that of what the device sent: the same
    identity with another digest is another report. ``version`` goes up with each change.
    """

    __tablename__ = "case_record"
    __table_args__ = (
        Index(None, "reporter_id", "seq"),
        Index(None, "department", "state", "area"),
        Index(None, "merged_into"),
        # With these a list is counted and sorted without its rows.
        *(Index(f"ix_case_record_by_{name}", *columns) for name, columns in NARROWING.items()),
        Index("ix_case_record_waiting", *WAITING, sqlite_where=WAITS, postgresql_where=WAITS),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(String(16))
    reporter_id: Mapped[int]
    reporter_name: Mapped[str] = mapped_column(String(100))
    class_domain: Mapped[str] = mapped_column(String(16))
    class_scheme: Mapped[str] = mapped_column(String(64))
    class_code: Mapped[str] = mapped_column(String(64))
    class_name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    address: Mapped[str] = mapped_column(String(500), default="")
    cell: Mapped[str | None] = mapped_column(String(20))
    area: Mapped[str] = mapped_column(String(15), default="")
    component: Mapped[str | None] = mapped_column(String(64))
    device_time: Mapped[str | None] = mapped_column(String(32))
    device_offset_s: Mapped[float | None] = mapped_column(Float)
    reported_at: Mapped[str] = mapped_column(String(32))
    due_at: Mapped[str | None] = mapped_column(String(32))
    closed_at: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(24))
    department: Mapped[str | None] = mapped_column(String(40))
    suggested: Mapped[str | None] = mapped_column(String(40))
    assignee: Mapped[int | None]
    waits_for: Mapped[str] = mapped_column(String(60))
    merged_into: Mapped[str | None] = mapped_column(String(36))
    rework_count: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    flow: Mapped[str] = mapped_column(Text)
    flags: Mapped[str] = mapped_column(Text, default="[]")
    extra: Mapped[str] = mapped_column(Text, default="{}")


class CaseStep(Base):
    """One entry of a case's history; added, never changed."""

    __tablename__ = "case_step"

    case_seq: Mapped[int] = mapped_column(ForeignKey("case_record.seq"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(24))
    before: Mapped[str | None] = mapped_column(String(24))
    after: Mapped[str] = mapped_column(String(24))
    actor_id: Mapped[int]
    actor_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(24))
    at: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text, default="")
    department: Mapped[str | None] = mapped_column(String(40))
    receiver: Mapped[str | None] = mapped_column(String(60))
    used_s: Mapped[float | None] = mapped_column(Float)
    late: Mapped[bool | None]
    details: Mapped[str] = mapped_column(Text, default="{}")


class CaseKey(Base):
    """Idempotency: the key that a sender gave an act, and what the act was.

    The same key with the same content answers with the case; with other content it is refused.
    """

    __tablename__ = "case_key"

    key: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_seq: Mapped[int] = mapped_column(ForeignKey("case_record.seq"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(32))


class CaseFact(Base):
    """What evaluation knows of a case: flags as bits, counts, times as seconds, whose it was.

    ``deadline`` is when disposal is or was due, ``is_open`` whether the department's clock runs.
    """

    __tablename__ = "case_fact"
    __table_args__ = (Index(None, "deadline"), Index(None, "reported"))

    case_seq: Mapped[int] = mapped_column(ForeignKey("case_record.seq"), primary_key=True)
    bits: Mapped[int] = mapped_column(BigInteger)
    reworks: Mapped[int]
    extensions: Mapped[int]
    returns: Mapped[int]
    bodies: Mapped[int]
    overtime: Mapped[float] = mapped_column(Float)
    reported: Mapped[int] = mapped_column(BigInteger)
    deadline: Mapped[int | None] = mapped_column(BigInteger)
    is_open: Mapped[bool]
    department: Mapped[str] = mapped_column(String(40))
    street: Mapped[str] = mapped_column(String(9))
    reporter: Mapped[str] = mapped_column(String(40))
    acceptor: Mapped[str] = mapped_column(String(40))
    filer: Mapped[str] = mapped_column(String(40))
    closer: Mapped[str] = mapped_column(String(40))
    dispatcher: Mapped[str] = mapped_column(String(40))
    verifier: Mapped[str] = mapped_column(String(40))
    inspector: Mapped[str] = mapped_column(String(40))
    missed_by: Mapped[str] = mapped_column(String(40))


class CasePhoto(Base):
    """A photo of a case. The name is the sender's; files are named by their sha256.

    ``state`` is ``received`` until the re-encoded copy and thumbnail are there (``ready``), or
    ``failed``. ``flags`` is a JSON list of what the cross-checks found.
    """

    __tablename__ = "case_photo"
    __table_args__ = (UniqueConstraint("case_seq", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_seq: Mapped[int] = mapped_column(ForeignKey("case_record.seq"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16), default="report")
    original: Mapped[str] = mapped_column(String(64), info=NAMES_A_FILE)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    copy: Mapped[str | None] = mapped_column(String(64), info=NAMES_A_FILE)
    thumbnail: Mapped[str | None] = mapped_column(String(64), info=NAMES_A_FILE)
    state: Mapped[str] = mapped_column(String(12), default="received")
    flags: Mapped[str] = mapped_column(Text, default="[]")
    uploaded_by: Mapped[int]
    uploaded_at: Mapped[str] = mapped_column(String(32))


class CaseEvidence(Base):
    """What is known of a photo as evidence; added once its copy is made.

    ``sha256`` is that of the file as it came, ``phash`` the 64 bits of the picture as a signed
    number, null where it has none; ``alarms`` a JSON list of what a person should look at.
    """

    __tablename__ = "case_evidence"
    __table_args__ = (UniqueConstraint("case_seq", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_seq: Mapped[int] = mapped_column(ForeignKey("case_record.seq"))
    name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    phash: Mapped[int | None] = mapped_column(BigInteger)
    alarms: Mapped[str] = mapped_column(Text, default="[]")


class CaseCounter(Base):
    """Last running number of each prefix (city and day)."""

    __tablename__ = "case_counter"

    prefix: Mapped[str] = mapped_column(String(24), primary_key=True)
    last: Mapped[int]


guard(CaseStep.__table__, "UPDATE", "history is never changed")
guard(CaseStep.__table__, "DELETE", "history is never deleted")
