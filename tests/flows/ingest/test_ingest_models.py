"""InVEST tables of real shape become an account; the known unit traps are refused with their cell."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import run
from flows.accounts.gep_account import read_gep_account
from flows.accounts.quarantine import quarantine
from flows.accounts.reconciliation import reconcile
from flows.ingest.ingest import ingest_models
from flows.ingest.quantities import read_quantities
from services.runtime.errors import InvalidInput

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "invest"
WYIELD = "ws_id,num_pixels,precip_mn,PET_mn,AET_mn,wyield_mn,wyield_vol\n"
SDR = "ws_id,usle_tot,sed_export,sed_dep,avoid_exp,avoid_eros\n"
NDR = "ws_id,p_surface_load,p_surface_export\n"
PIXEL_M2 = 900.0


def quantities(folder: Path, **how: float) -> dict[str, float]:
    return {item.output.output: item.amount for item in read_quantities(folder, **how)}


def refusal_of(folder: Path, **how: float) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_quantities(folder, **how)
    return " | ".join(map(str, refused.value.violations))


def test_quantities_by_hand() -> None:
    found = quantities(EXAMPLE, carbon_years=5.0)
    assert found["water_yield"] == 12_474_000 + 7_438_500
    assert found["soil_retention"] == 1_420_000 + 1_105_000
    assert found["phosphorus_retention"] == (48_200 - 3_900) + (39_900 - 3_250)
    assert found["nitrogen_retention"] == (391_000 + 78_200 - 40_300) + (322_500 + 64_500 - 33_300)
    # 36,600 t of carbon in five years are 36,600 x 44 / 12 / 5 t of CO2 a year.
    assert found["carbon_sequestration"] == pytest.approx(36_600 * 44 / 12 / 5, rel=1e-12)


def test_the_account_reads_back_and_adds_up(tmp_path: Path) -> None:
    written = ingest_models(EXAMPLE, EXAMPLE / "prices.csv", tmp_path, carbon_years=5.0)
    account = read_gep_account(written.account)
    by_hand = 19_912_500 * 0.15 + 2_525_000 * 20 + 80_950 * 2.8 + 782_600 * 1.75 + 26_840 * 70
    assert account.total_cny == pytest.approx(by_hand, rel=1e-9)
    assert written.total_cny == pytest.approx(by_hand, rel=1e-12)
    assert not any(line.refused for line in reconcile(account).lines)


def test_a_second_ingest_is_the_first(tmp_path: Path) -> None:
    one, other = (
        ingest_models(EXAMPLE, EXAMPLE / "prices.csv", tmp_path / name, carbon_years=5.0) for name in "ab"
    )
    assert one.account.read_bytes() == other.account.read_bytes()
    assert one.origin.read_bytes() == other.origin.read_bytes()


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".parquet"])
def test_the_same_table_in_another_format(tmp_path: Path, suffix: str) -> None:
    with (EXAMPLE / "watershed_results_sdr.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    path = tmp_path / f"watershed_results_sdr_zhangye{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), path)
    else:
        shapes = np.array([shapely_box(i) for i in range(len(rows))], dtype=object)
        pyogrio.raw.write(
            path, shapes, list(columns.values()), list(columns), geometry_type="Polygon", crs="EPSG:4326"
        )
    assert quantities(tmp_path) == {"soil_retention": 2_525_000.0}


def shapely_box(i: int) -> bytes:
    """A square in well-known binary."""
    corners = [(i, 0), (i + 1, 0), (i + 1, 1), (i, 1), (i, 0)]
    head = np.array([1], dtype="<u1").tobytes() + np.array([3, 1, 5], dtype="<u4").tobytes()
    return head + np.array(corners, dtype="<f8").tobytes()


@given(
    depths=st.lists(st.floats(1.0, 500.0), min_size=1, max_size=5),
    pixels=st.integers(10, 1_000_000),
)
@settings(max_examples=25)
def test_volumes_add_up_for_any_watersheds(
    tmp_path_factory: pytest.TempPathFactory, depths: list[float], pixels: int
) -> None:
    folder = tmp_path_factory.mktemp("wyield")
    volumes = [depth / 1000.0 * pixels * PIXEL_M2 for depth in depths]
    lines = "".join(
        f"{i},{pixels},{depth + 300},900,300,{depth!r},{volume!r}\n"
        for i, (depth, volume) in enumerate(zip(depths, volumes, strict=True))
    )
    (folder / "watershed_results_wyield.csv").write_text(WYIELD + lines, encoding="utf-8")
    assert quantities(folder)["water_yield"] == pytest.approx(sum(volumes), rel=1e-12)


def test_millimetres_taken_for_cubic_metres_are_refused(tmp_path: Path) -> None:
    rows = "1,1000,400,900,300,100,90000\n2,1000,400,900,300,100,90000\n3,1000,400,900,300,100,100\n"
    (tmp_path / "watershed_results_wyield.csv").write_text(WYIELD + rows, encoding="utf-8")
    assert "row 4, column wyield_vol" in refusal_of(tmp_path)


def test_a_yield_that_is_not_the_balance_is_refused(tmp_path: Path) -> None:
    (tmp_path / "watershed_results_wyield.csv").write_text(
        WYIELD + "1,10,400,900,300,55,495\n", encoding="utf-8"
    )
    assert "precip_mn less aet_mn" in refusal_of(tmp_path)


def test_per_hectare_against_totals_is_refused(tmp_path: Path) -> None:
    (tmp_path / "watershed_results_sdr.csv").write_text(SDR + "1,12.5,9400,1,1,2\n", encoding="utf-8")
    assert "per hectare" in refusal_of(tmp_path)


def test_more_nutrients_out_than_in_are_refused(tmp_path: Path) -> None:
    (tmp_path / "watershed_results_ndr.csv").write_text(NDR + "1,10,11\n", encoding="utf-8")
    assert "p_surface_export" in refusal_of(tmp_path)


@pytest.mark.parametrize("cell", ["NaN", "", "1e999", "-5", "n/a"])
def test_a_figure_that_is_none_is_refused_with_its_cell(tmp_path: Path, cell: str) -> None:
    (tmp_path / "watershed_results_sdr.csv").write_text(SDR + f"1,100,10,1,{cell},5\n", encoding="utf-8")
    assert "row 2, column avoid_exp" in refusal_of(tmp_path)


def test_a_carbon_stock_is_no_flow(tmp_path: Path) -> None:
    head = "label,total,units,filename\n"
    (tmp_path / "raster_values_summary.csv").write_text(
        head + "Baseline Carbon Storage,100,metric tons,c_storage_bas.tif\n", encoding="utf-8"
    )
    assert "no annual flow" in refusal_of(tmp_path, carbon_years=5.0)
    (tmp_path / "raster_values_summary.csv").write_text(
        head + "Change in Carbon Storage,100,t/ha,c_change_bas_alt.tif\n", encoding="utf-8"
    )
    assert "not per hectare" in refusal_of(tmp_path, carbon_years=5.0)


def test_carbon_without_years_is_refused() -> None:
    assert "--carbon-years" in refusal_of(EXAMPLE)


def test_tables_of_two_runs_are_refused(tmp_path: Path) -> None:
    for suffix in ("a", "b"):
        (tmp_path / f"watershed_results_sdr_{suffix}.csv").write_text(SDR + "1,9,1,1,1,5\n", encoding="utf-8")
    assert "the table of one run" in refusal_of(tmp_path)


def test_a_quantity_without_a_price_writes_nothing(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("output,unit_price,price_unit,source\nwater_yield,0.15,CNY/m3,x\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="soil_retention"):
        ingest_models(EXAMPLE, prices, tmp_path / "out", carbon_years=5.0)
    assert not (tmp_path / "out").exists()


def test_a_price_per_another_unit_is_refused(tmp_path: Path) -> None:
    text = (EXAMPLE / "prices.csv").read_text(encoding="utf-8").replace("CNY/kg", "CNY/m3")
    (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="column price_unit"):
        ingest_models(EXAMPLE, tmp_path / "prices.csv", tmp_path / "out", carbon_years=5.0)


def test_prices_in_other_sizes_of_a_unit_give_the_same_value(tmp_path: Path) -> None:
    text = (EXAMPLE / "prices.csv").read_text(encoding="utf-8").replace("20,CNY/t", "0.02,CNY/kg")
    (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
    same = ingest_models(EXAMPLE, EXAMPLE / "prices.csv", tmp_path / "a", carbon_years=5.0)
    other = ingest_models(EXAMPLE, tmp_path / "prices.csv", tmp_path / "b", carbon_years=5.0)
    assert other.total_cny == pytest.approx(same.total_cny, rel=1e-12)


def test_a_refusal_is_kept_with_its_rows(tmp_path: Path) -> None:
    (tmp_path / "watershed_results_sdr.csv").write_text(
        SDR + "1,100,10,1,1,5\n2,1,50,1,1,5\n", encoding="utf-8"
    )
    with pytest.raises(InvalidInput) as refused:
        read_quantities(tmp_path)
    kept = quarantine(refused.value, tmp_path, tmp_path / "out")
    assert quarantine(refused.value, tmp_path, tmp_path / "out") == kept
    with (kept.folder / "problems.csv").open(encoding="utf-8-sig") as file:
        problem = next(csv.DictReader(file))
    assert (problem["file"], problem["row"], problem["column"]) == (
        "watershed_results_sdr.csv", "3", "sed_export",
    )  # fmt: skip
    rows = (kept.folder / "rows.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[-1] == "watershed_results_sdr.csv,3,2,1,50,1,1,5"


def test_the_command_keeps_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "watershed_results_sdr.csv").write_text(SDR + "1,1,50,1,1,5\n", encoding="utf-8")
    code = run(
        [
            "ingest",
            "models",
            str(tmp_path),
            "--prices",
            str(EXAMPLE / "prices.csv"),
            "--out",
            str(tmp_path / "out"),
        ]
    )
    assert code == 2
    assert "quarantine" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["quarantine"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".gpkg", ".shp"])
@given(content=st.binary(max_size=200))
@settings(max_examples=15)
def test_no_bytes_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / f"watershed_results_sdr{suffix}").write_bytes(content)
    with pytest.raises(InvalidInput):
        read_quantities(folder)
