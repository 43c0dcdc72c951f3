"""The composition root: settings -> services on a real store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cityops.settings import Settings

if TYPE_CHECKING:
    from cityops.services.accounts import AccountService
    from cityops.services.areas import AreaService
    from cityops.services.audit import AuditDesk
    from cityops.services.case_organisation import OrganisationService
    from cityops.services.cases import CaseService
    from cityops.services.dossier import DossierService
    from cityops.services.dossier_paper import PaperService
    from cityops.services.events import EventService
    from cityops.services.exports.desk import ExportDesk
    from cityops.services.exports.service import ExportService
    from cityops.services.grid.division import DivisionService
    from cityops.services.grid.evaluation import EvaluationService
    from cityops.services.grid.publishing import CalendarDesk
    from cityops.services.grid.rules import RuleDesk
    from cityops.services.grid.schemes import SchemeDesk
    from cityops.services.hazards.brief import HazardBriefs
    from cityops.services.hazards.service import HazardService
    from cityops.services.hazards.sheet import SituationSheets
    from cityops.services.imports.cases import CaseImportService
    from cityops.services.imports.desk import DeliveryDesk
    from cityops.services.imports.service import ImportService
    from cityops.services.jobs import JobService
    from cityops.services.layer_summary import SummaryService
    from cityops.services.layers import LayerService
    from cityops.services.locate import LocateService
    from cityops.services.photos import PhotoService
    from cityops.services.pipe_sums import PipeSums
    from cityops.services.ports import Store
    from cityops.services.search import SearchService
    from cityops.services.shape_work import Bench
    from cityops.services.sheets.press import Press
    from cityops.services.sheets.service import SheetService
    from cityops.services.snapshots import Views
    from cityops.services.tiles import TileService


class Services:
    """Every use case of the program, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> Store:
        """Store of this deployment."""
        from cityops.store.database import open_store

        return open_store(self.settings)

    @cached_property
    def views(self) -> Views:
        """Layers in the memory of this process, kept up to the store."""
        from cityops.services.snapshots import Views

        return Views(self.settings.snapshots_dir)

    @cached_property
    def layers(self) -> LayerService:
        """Layers for people: catalogue, windows, tiles, lists, selections, edits."""
        from cityops.services.layers import LayerService

        return LayerService(self.store, self.views, self.areas, self.bench)

    @cached_property
    def bench(self) -> Bench:
        """Work on shapes that people draw, within bounds."""
        from cityops.jobs.shape_bench import BoundedBench

        return BoundedBench(self.settings.data_dir / "shapes")

    @cached_property
    def pipe_sums(self) -> PipeSums:
        """Sums over the pipes in a polygon."""
        from cityops.services.pipe_sums import PipeSums

        return PipeSums(self.layers)

    @cached_property
    def press(self) -> Press:
        """What prints sheets."""
        from datetime import UTC, datetime

        from cityops.printing.typst_printer import TypstPrinter
        from cityops.services.sheets.press import Press

        return Press(
            self.store,
            self.layers,
            TypstPrinter(),
            now=lambda: datetime.now(UTC),
            map_review_no=self.settings.map_review_no,
        )

    @cached_property
    def sheets(self) -> SheetService:
        """Map sheets as PDF."""
        from cityops.services.sheets.service import SheetService

        return SheetService(self.press)

    @cached_property
    def exports(self) -> ExportService:
        """Layers into files."""
        from cityops.services.exports.service import ExportService

        return ExportService(self.store, self.settings.map_review_no, self.bench)

    @cached_property
    def imports(self) -> ImportService:
        """Files into layers, read in a confined child."""
        from datetime import UTC, datetime

        from cityops.jobs.sandbox import ConfinedReader
        from cityops.services.imports.service import ImportService

        return ImportService(
            self.store,
            self.store.files,
            ConfinedReader(self.settings.data_dir / "reading"),
            self.areas,
            now=lambda: datetime.now(UTC),
            max_vertices=self.settings.max_vertices,
        )

    @cached_property
    def division(self) -> DivisionService:
        """Unit grids: checked, and made along roads, water and parcels."""
        from cityops.jobs.sandbox import ConfinedReader
        from cityops.services.grid.division import DivisionService

        reader = ConfinedReader(self.settings.data_dir / "reading")
        return DivisionService(lambda: self.store, reader)

    @cached_property
    def calendar_desk(self) -> CalendarDesk:
        """Calendars that a city publishes."""
        from cityops.services.cases import now_utc
        from cityops.services.grid.publishing import CalendarDesk

        return CalendarDesk(lambda: self.store, now_utc)

    @cached_property
    def evaluation(self) -> EvaluationService:
        """Figures of departments, streets and posts, and the lists behind them."""
        from cityops.services.cases import now_utc
        from cityops.services.grid.evaluation import EvaluationService

        return EvaluationService(lambda: self.store, now_utc)

    @cached_property
    def rule_desk(self) -> RuleDesk:
        """Rules of duty and weights that a city sets."""
        from cityops.services.cases import now_utc
        from cityops.services.grid.rules import RuleDesk

        return RuleDesk(lambda: self.store, now_utc)

    @cached_property
    def scheme_desk(self) -> SchemeDesk:
        """A city's own classes, conditions and limits."""
        from cityops.services.cases import now_utc
        from cityops.services.grid.schemes import SchemeDesk

        return SchemeDesk(lambda: self.store, now_utc)

    @cached_property
    def case_imports(self) -> CaseImportService:
        """Cases of other systems."""
        from datetime import UTC, datetime

        from cityops.jobs.sandbox import ConfinedReader
        from cityops.services.imports.cases import CaseImportService

        reader = ConfinedReader(self.settings.data_dir / "reading")
        files = self.store.files
        return CaseImportService(
            self.store, files, reader, self.areas, now=lambda: datetime.now(UTC)
        )

    @cached_property
    def deliveries(self) -> DeliveryDesk:
        """Files that come in: received, looked at, imported, taken back."""
        from datetime import UTC, datetime

        from cityops.services.imports.desk import DeliveryDesk

        return DeliveryDesk(
            self.store,
            self.store.files,
            self.imports,
            self.jobs,
            self.accounts,
            now=lambda: datetime.now(UTC),
            max_upload_mb=self.settings.max_upload_mb,
        )

    @cached_property
    def export_desk(self) -> ExportDesk:
        """Exports that run as jobs."""
        from cityops.services.exports.desk import ExportDesk

        folder = self.settings.data_dir / "exports"
        return ExportDesk(self.exports, self.jobs, self.accounts, folder)

    @cached_property
    def summaries(self) -> SummaryService:
        """What legends say of the layers."""
        from cityops.services.layer_summary import SummaryService

        return SummaryService(self.layers)

    @cached_property
    def tiles(self) -> TileService:
        """Vector tiles, kept while neither layer nor right changes."""
        from cityops.services.tiles import TileService

        return TileService(self.layers)

    @cached_property
    def accounts(self) -> AccountService:
        """Accounts and their rights."""
        from cityops.services.accounts import AccountService

        return AccountService(self.store, self.organisation.account_changed)

    @cached_property
    def audit(self) -> AuditDesk:
        """The audit trail: read, verified, a person forgotten."""
        from cityops.services.audit import AuditDesk

        return AuditDesk(self.store)

    @cached_property
    def organisation(self) -> OrganisationService:
        """Departments that end, people who leave, and what becomes of their cases."""
        from cityops.services.case_organisation import OrganisationService
        from cityops.services.cases import now_utc

        return OrganisationService(self.store, now_utc)

    @cached_property
    def areas(self) -> AreaService:
        """Areas by place, kept until one of their layers changes."""
        from cityops.services.areas import AreaService

        return AreaService()

    @cached_property
    def locate(self) -> LocateService:
        """Where is this?"""
        from cityops.services.locate import LocateService

        return LocateService(self.store, self.areas)

    @cached_property
    def dossier(self) -> DossierService:
        """What is here, over everything?"""
        from cityops.services.case_near import CasesNear
        from cityops.services.cases import now_utc
        from cityops.services.dossier import DossierService
        from cityops.services.dossier_zones import ZonesNear

        records = [CasesNear(self.store), ZonesNear(self.store, now_utc)]
        return DossierService(self.store, self.areas, records)

    @cached_property
    def papers(self) -> PaperService:
        """The dossier of a place on one sheet of paper."""
        from cityops.services.cases import now_utc
        from cityops.services.dossier_paper import PaperService

        return PaperService(self.store, self.dossier, now_utc)

    @cached_property
    def search(self) -> SearchService:
        """The search box."""
        from cityops.services.search import SearchService

        return SearchService(self.store, self.areas)

    @cached_property
    def jobs(self) -> JobService:
        """Jobs: submit, look, cancel."""
        from cityops.jobs.queue import QueueBell, open_queue
        from cityops.services.jobs import JobService

        return JobService(self.store, QueueBell(open_queue(self.settings)))

    @cached_property
    def cases(self) -> CaseService:
        """Cases: report, look, list, move."""
        from cityops.services.cases import CaseService

        return CaseService(self.store, self.areas)

    @cached_property
    def photos(self) -> PhotoService:
        """Photos of cases."""
        from cityops.services.photos import PhotoService
        from cityops.store.files import FolderFileStore

        files = FolderFileStore(self.settings.files_dir)
        return PhotoService(self.store, files, self.cases, self.jobs)

    @cached_property
    def hazards(self) -> HazardService:
        """Runs of hazard models, and what they reach."""
        from cityops.services.hazards.service import HazardService

        return HazardService(self.store, self.layers, self.areas)

    @cached_property
    def situation_sheets(self) -> SituationSheets:
        """Situation sheets of hazard runs as PDF."""
        from cityops.services.hazards.sheet import SituationSheets

        return SituationSheets(self.hazards, self.press)

    @cached_property
    def hazard_briefs(self) -> HazardBriefs:
        """Grade and evacuation as PDF."""
        from cityops.services.hazards.brief import HazardBriefs

        return HazardBriefs(self.press)

    @cached_property
    def events(self) -> EventService:
        """What changed, for people who look at the map now."""
        from cityops.services.events import EventService

        return EventService(self.store)
