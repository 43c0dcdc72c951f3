"""Deliveries of owners as files: what is planted in them is found through the product's readers, and nothing else."""

from __future__ import annotations

import json

import pytest
from generate.frame import Settings
from generate.scene import NAME
from generate.themes import part_of
from generate.underground_answers import marks_of
from generate.underground_faults import SORTS
from generate.underground_files import planted_of, write_files, write_sheets

from cityops.services.underground.files import survey_of_files


@pytest.fixture(scope="module")
def written(small_scene, tmp_path_factory):
    """Folder of a written city by seed and its pilots; of other seeds the inner city alone."""

    def of(seed):
        settings = Settings(seed=seed, scale=0.05)
        if seed == Settings().seed:
            return small_scene / NAME, "NPV"
        folder = tmp_path_factory.mktemp("city")
        inner = settings.pilots()[0]
        filed = part_of(settings, inner, ("pipes",)).filed
        write_files(folder, filed.files)
        write_sheets(folder, filed.answers)
        return folder, "N"

    return of


def surveys(folder, pilot):
    return {
        owner.name: survey_of_files(
            [owner / f"{pilot}_points.csv", owner / f"{pilot}_lines.csv"],
            crs="EPSG:4548",
            datum="1985",
        )
        for owner in sorted((folder / "deliveries").iterdir())
        if (owner / f"{pilot}_lines.csv").exists()
    }


@pytest.mark.parametrize("seed", [120103, 7, 41])
def test_files_hold_the_planted_faults_and_no_others(written, seed):
    folder, pilots = written(seed)
    sheet = json.loads((folder / "answers" / "underground.json").read_text("utf-8"))["faults"]

    for pilot in pilots:
        planted = [planted_of(a) for a in sheet if a["pilot"] == pilot]
        marks = marks_of(planted, surveys(folder, pilot))
        assert planted
        assert not marks.missed
        assert not marks.surplus


def test_every_kind_of_fault_is_planted_somewhere_in_the_city(written):
    folder, _ = written(Settings().seed)
    sheet = json.loads((folder / "answers" / "underground.json").read_text("utf-8"))["faults"]

    assert len({answer["kind"] for answer in sheet}) == len(SORTS)


def test_a_row_of_the_answer_sheet_names_its_row_in_a_file(small_scene):
    folder = small_scene / NAME
    sheet = json.loads((folder / "answers" / "underground.json").read_text("utf-8"))["faults"]
    lines = [a for a in sheet if a["kind"] == "missing_depth"]

    for answer in lines:
        text = (folder / answer["file"]).read_text("utf-8").splitlines()
        assert text[answer["row"] - 1].split(",")[0] in answer["lines"]
        assert 117.0 < answer["place"][0] < 118.0
    assert lines


def test_two_owners_are_concerned_and_have_no_data(small_scene):
    folder = small_scene / NAME
    owners = json.loads((folder / "deliveries" / "owners.json").read_text("utf-8"))["owners"]

    assert sum(o["answer"] == "concerned_no_data" for o in owners) == 2
    assert all((folder / o["folder"]).is_dir() for o in owners if o["answer"] == "delivered")
