"""What commands of the underground say of files and words that they cannot use: in Chinese, with names."""

import json

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

from cityops.cli.underground import command

CRS = ["--crs", "EPSG:4548"]


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def refused(*arguments):
    done = run(*arguments, "--json")
    return done.exit_code, json.loads(done.stdout)["error"]


def frame(shapes):
    return gpd.GeoDataFrame({"管类": ["给水"] * len(shapes)}, geometry=shapes, crs=4548)


def test_a_file_that_is_not_there_ends_with_3(tmp_path):
    code, error = refused("check", tmp_path / "no.gpkg")
    assert (code, error["code"]) == (3, "file.missing")


def test_tables_that_are_none_are_named_with_their_columns(tmp_path):
    (tmp_path / "x.csv").write_text("a,b,c\n1,2,3\n")
    _, error = refused("check", tmp_path / "x.csv", *CRS)
    assert error["message"] == "x.csv 里没有点表也没有线表，列是：x（a、b、c）"


def test_an_empty_workbook_is_said_to_be_empty(tmp_path):
    (tmp_path / "x.xlsx").write_bytes(b"")
    assert refused("check", tmp_path / "x.xlsx", *CRS)[1]["code"] == "file.empty"


@pytest.mark.parametrize("shapes", [[shapely.Point(517300, 4332900)], []])
def test_layers_without_lines_are_said_to_have_none(shapes, tmp_path):
    frame(shapes).to_file(tmp_path / "x.gpkg", layer="井", engine="pyogrio")
    _, error = refused("audit", tmp_path / "x.gpkg", "--datum", "1985")
    assert error["code"] == "survey.no_lines"
    assert error["message"] == f"x.gpkg 里没有线：图层 {len(shapes)} 个图形"


def test_rows_of_layers_are_shapes_of_the_layer_of_lines(tmp_path):
    far = shapely.LineString([(1697175, 14215551, 2), (1697275, 14215551, 2)])
    frame([far]).to_file(tmp_path / "x.gpkg")
    assert "✗ 线图层第 1 个图形：坐标不在" in run("check", tmp_path / "x.gpkg").stdout
    found = json.loads(run("check", tmp_path / "x.gpkg", "--json").stdout)
    assert {fault["table"] for fault in found["faults"]} == {"lines"}


def test_a_fault_of_the_head_names_its_table(tmp_path):
    (tmp_path / "p.csv").write_text("物探点号,X,地面高程\nA,1,2\n", encoding="utf-8")
    (tmp_path / "l.csv").write_text("管类,起点,终点\n给水,A,A\n", encoding="utf-8")
    told = run("check", tmp_path / "p.csv", tmp_path / "l.csv", *CRS).stdout
    assert "✗ 点表的列：缺少必需的列：" in told


def test_a_tolerance_that_is_no_number_is_given_back(tmp_path):
    line = shapely.LineString([(517300, 4332900, 2), (517330, 4332900, 2)])
    frame([line]).to_file(tmp_path / "x.gpkg")
    _, error = refused("reconnect", tmp_path / "x.gpkg", "--tolerance", "nan")
    assert error["message"] == "容差应大于 0，得到 nan m"


def test_faults_of_all_pins_come_at_once(tmp_path):
    line = shapely.LineString([(517300, 4332900, 2), (517330, 4332900, 2)])
    pipes = frame([line]).assign(name="p1")
    pipes.to_file(tmp_path / "x.gpkg")
    points = frame([shapely.Point(517300.2, 4332900)]).assign(点号="N1")
    points.to_file(tmp_path / "n.gpkg")
    pins = ["--pin", "p1", "--pin", "p9,N1", "--pin", "p1,N9", "--pin", "p1,N1"]
    done = run(
        "reconnect", tmp_path / "x.gpkg", tmp_path / "n.gpkg", "--tolerance", 1, *pins, "--json"
    )
    found = json.loads(done.stdout)["errors"]
    assert [(e["code"], e["got"]) for e in found] == [
        ("valves.bad_pair", "p1"), ("reconnect.pin_unknown", "p9"), ("reconnect.pin_unknown", "N9"),
    ]  # fmt: skip


def test_what_the_system_refuses_is_said_in_chinese(tmp_path):
    line = shapely.LineString([(517300, 4332900, 2), (517330, 4332900, 2)])
    frame([line]).to_file(tmp_path / "x.gpkg")
    out = tmp_path / "none" / "x.geojson"
    _, error = refused("reconnect", tmp_path / "x.gpkg", "--tolerance", 1, "--out", out)
    assert error["message"] == "系统不允许：没有这个文件或文件夹"


@pytest.mark.parametrize("levels", [5, 100_000])
def test_nested_shapes_of_a_command_line_are_refused_before_the_kernel_sees_them(levels):
    """Row 15: a hundred thousand levels end a process that hands them to the kernel."""
    from cityops.services.underground.wkt import shape_of_text
    from gis.errors import GeometryError

    with pytest.raises(GeometryError) as caught:
        shape_of_text("GEOMETRYCOLLECTION (" * levels + "POINT (1 2)" + ")" * levels, "--pit")
    assert (caught.value.code, caught.value.field) == ("geometry.nested", "--pit")


def test_a_line_of_too_many_corners_is_refused():
    from cityops.services.underground.wkt import shape_of_text
    from gis.errors import GeometryError

    with pytest.raises(GeometryError) as caught:
        shape_of_text("LINESTRING (" + "1 2," * 200_000 + "3 4)")
    assert caught.value.code == "geometry.too_many_vertices"
