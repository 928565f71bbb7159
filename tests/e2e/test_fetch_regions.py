"""Regions from a server and from disk into the store: real files, interrupted, resumed, missing, wrong; and their texts."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from cli_calls import command
from fetch_server import Server

from overflight.airspace.sources import layers as store
from overflight.airspace.sources.fetch import SOURCES, fetch
from overflight.airspace.sources.layers import find_layer, layers, missing_fir_hint, open_layer
from overflight.cli.main import main
from overflight.errors import InvalidInput, OutOfCoverage, Unavailable
from overflight.winds.files import StoreBroken, sha256
from overflight.winds.sources.http import Client

FIR = "Boundaries.geojson"


@pytest.fixture
def server(tmp_path, shared_data):
    (tmp_path / "www").mkdir()
    with contextlib.closing(Server(tmp_path / "www")) as running:
        shutil.copy(shared_data / "geo" / "vatsim_fir_boundaries.geojson", running.root / FIR)
        yield running


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "regions"))
    return tmp_path / "regions"


def get(server, path=FIR, source="fir", **more):
    client = Client(tries=3, backoff_s=0.01, timeout_s=2.0)
    return fetch(source, url=f"{server.url}/{path}", client=client, **more)


def names(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_fetched_layer_is_found_by_its_name(server, home):
    told = []
    layer = get(server, progress=lambda done, total: told.append((done, total)))
    size = (server.root / FIR).stat().st_size
    assert told[-1] == (size, size)
    assert (layer.regions, layer.sha256, layer.origin) == (430, sha256(server.root / FIR), f"{server.url}/{FIR}")
    assert layers() == (layer,)
    regions = find_layer("fir")
    assert len(regions) == 430
    assert regions.regions[0].note == "a flight simulation network's data, not for navigation"
    assert len(open_layer("fir")) == 430
    assert names(home) == [layer.file, "fir.json"]


@pytest.mark.parametrize("fault", ["500", "truncate", "reset", "ignore-range"])
def test_faults_that_pass(server, home, fault):
    server.faults[FIR] = ["", fault, fault]
    assert get(server).regions == 430
    assert names(home) == [layers()[0].file, "fir.json"]


def test_a_download_that_was_given_up_goes_on_where_it_was(server, home):
    server.faults[FIR] = ["", "reset", "500", "500", "500"]
    with pytest.raises(Unavailable, match="give a mirror with --url or OVERFLIGHT_FIR_URL, or a file with --from FILE"):
        get(server)
    had = (home / "fir.download" / "file.part").stat().st_size
    assert had > 100_000
    sent, size = server.sent, (server.root / FIR).stat().st_size
    assert get(server).regions == 430
    assert server.sent - sent <= size - had + 10


def test_a_part_of_another_file_is_not_gone_on_from(server, home):
    server.faults[FIR] = ["", "reset", "500", "500", "500"]
    with pytest.raises(Unavailable):
        get(server)
    part = home / "fir.download" / "file.part"
    part.write_bytes(b"x" * part.stat().st_size)
    assert get(server).sha256 == sha256(server.root / FIR)


@pytest.mark.parametrize(("content", "said"), [
    (b"<!DOCTYPE html><html>sign in</html>", "geojson: got JSON is malformed"),
    (b'{"type": "FeatureCollection", "features": []}', "regions: got no features, expected at least one polygon"),
])  # fmt: skip
def test_wrong_content_leaves_the_layer_that_was_there(server, home, content, said):
    before = get(server)
    (server.root / FIR).write_bytes(content)
    with pytest.raises(Unavailable) as caught:
        get(server)
    assert f"{server.url}/{FIR}: gave something else: {FIR}: {said}" in str(caught.value)
    assert str(caught.value).endswith("or a file with --from FILE")
    assert layers() == (before,)
    assert names(home) == [before.file, "fir.json"]


def test_a_file_that_changed_takes_the_place_of_the_old_one(server, home):
    before = get(server)
    document = json.loads((server.root / FIR).read_bytes())
    document["features"] = [f for f in document["features"] if f["properties"]["id"].startswith("LF")]
    (server.root / FIR).write_text(json.dumps(document))
    after = get(server)
    assert after.regions < before.regions
    assert names(home) == [after.file, "fir.json"]


def test_no_such_file_and_no_server(server, home):
    with pytest.raises(Unavailable) as caught:
        get(server, "none.geojson")
    assert str(caught.value) == (
        f"{server.url}/none.geojson: 404 Not Found; give a mirror with --url or OVERFLIGHT_FIR_URL, or a file with --from FILE"
    )
    with pytest.raises(Unavailable, match=r"cannot reach http://127\.0\.0\.1:9/x: .*; give a mirror"):
        fetch("fir", url="http://127.0.0.1:9/x", client=Client(tries=2, backoff_s=0.01))
    assert names(home) == []


def test_an_empty_file(server, home):
    (server.root / FIR).write_bytes(b"")
    with pytest.raises(Unavailable, match=f"{FIR}: an empty file; give a mirror"):
        get(server)
    assert names(home) == []


def test_natural_earth_and_a_name_of_its_own(shared_data, home):
    layer = fetch("natural-earth", file=shared_data / "geo" / "ne10_disputed_areas.parquet", name="disputed")
    assert (layer.name, layer.regions, layer.licence) == ("disputed", 80, "public domain")
    assert len(find_layer("disputed")) == 80
    with pytest.raises(InvalidInput, match=r"name: got '\.\./x', expected small letters, digits and hyphens"):
        fetch("natural-earth", file=shared_data / "geo" / "ne10_disputed_areas.parquet", name="../x")


def test_an_unknown_source_and_two_origins(tmp_path):
    with pytest.raises(InvalidInput, match="source: got 'eez', expected one of fir, natural-earth, marine-regions"):
        fetch("eez")
    with pytest.raises(InvalidInput, match="source: got both an address and a file, expected one of them"):
        fetch("fir", url="http://127.0.0.1:9", file=tmp_path)


def test_a_layer_that_is_not_at_hand_says_how_to_get_it(home):
    with pytest.raises(OutOfCoverage) as caught:
        find_layer("fir")
    assert str(caught.value) == f"layers of regions: asked for fir, have none; {missing_fir_hint()}"
    with pytest.raises(OutOfCoverage, match="asked for seas, have none; overflight airspace fetch SOURCE --name seas"):
        find_layer("seas")


def test_a_spoiled_layer_is_told_and_left_out(server, home, caplog):
    layer = get(server)
    (home / layer.file).write_bytes(b"PK")
    with pytest.raises(OutOfCoverage):
        find_layer("fir")
    (home / layer.file).unlink()
    assert layers() == ()
    assert f"{home / 'fir.json'}: a spoiled layer; fetch it again" in caplog.messages


def test_no_space(server, home):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        with pytest.raises(StoreBroken) as caught:
            get(server)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    part = home / "fir.download" / "file.part"
    assert str(caught.value) == (
        f"{part}: no space left; free some of {part.parent}, or set OVERFLIGHT_REGIONS_STORE to another folder"
    )
    assert get(server).regions == 430


def test_every_source_says_where_its_file_is_or_how_to_get_it():
    for name, known in SOURCES.items():
        assert known.url.startswith("https://") or "form" in known.elsewhere, name


# The command


def test_the_command_fetches_lists_and_says_what_it_brought(server, capsys, monkeypatch):
    monkeypatch.setenv("OVERFLIGHT_FIR_URL", f"{server.url}/{FIR}")
    assert main(["airspace", "list"]) == 0
    assert capsys.readouterr().out == (
        f"none; the countries that are shipped are always there\nno flight information regions: {missing_fir_hint()}\n"
    )
    assert main(["airspace", "fetch", "fir"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(
        "fir                430 regions  VATSIM, vatspy-data-project Boundaries.geojson; version sha256 "
    )
    assert "CC BY-SA 4.0, VATSIM" in out
    assert err.count("\n") == 2
    assert "groups of a simulator, not regions of ICAO, were left out: ADR, BAIRES, NAT, TEH, UKR" in err
    assert main(["airspace", "list", "--json"]) == 0
    (held,) = json.loads(capsys.readouterr().out)
    assert (held["name"], held["regions"], held["origin"]) == ("fir", 430, f"{server.url}/{FIR}")
    assert main(["airspace", "list"]) == 0
    assert "no flight information regions" not in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["fetch", "marine-regions"], 3, "overflight: marine-regions: has no address that gives its files; fill in the form at https://www.marineregions.org/downloads.php, take Territorial Seas (12NM) as GeoPackage or shapefile, and give the zip file with --from FILE\n"),
    (["fetch", "eez"], 2, "overflight: airspace fetch: SOURCE: got 'eez', expected one of fir, natural-earth, marine-regions\n"),
    (["fetch", "fir", "--from", "none.geojson"], 2, "overflight: none.geojson: regions: got No such file or directory, expected a file to read\n"),
    (["fetch", "fir", "--url", "http://127.0.0.1:9/a", "--from", "x"], 2, "overflight: source: got both an address and a file, expected one of them\n"),
])  # fmt: skip
def test_the_command_refuses_in_one_line(capsys, home, arguments, code, said):
    assert main(["airspace", *arguments]) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", said)
    assert not home.exists() or names(home) == []


def test_the_command_interrupted_and_called_again(server, home, tmp_path):
    server.faults[FIR] = ["", "slow"]
    run = [sys.executable, "-m", "overflight", "airspace", "fetch", "fir", "--url", f"{server.url}/{FIR}"]
    process = subprocess.Popen(run, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ.copy())
    while server.sent < 20_000 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == (
        "overflight: interrupted; no file was left half-written, the same command starts again\n"
    )
    assert process.returncode == 130
    assert layers() == ()
    had = (home / "fir.download" / "file.part").stat().st_size
    assert had > 0
    sent = server.sent
    done = command(*run[3:], cwd=tmp_path)
    assert (done.returncode, done.stdout[:22]) == (0, "fir                430")
    assert server.sent - sent <= (server.root / FIR).stat().st_size - had + 10


def test_a_verb_with_verbs_below_it_takes_options_from_environment_and_file(server, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "overflight.toml").write_text('[airspace]\njson = true\n[airspace.fetch]\nname = "ours"\n')
    monkeypatch.setenv("OVERFLIGHT_AIRSPACE_FETCH_URL", f"{server.url}/{FIR}")
    assert main(["airspace", "fetch", "fir"]) == 0
    assert capsys.readouterr().out.startswith("ours ")
    assert main(["airspace", "none.nc"]) == 2
    assert capsys.readouterr().err.startswith("overflight: tracks: got none.nc (No such file or directory)")
    (tmp_path / "overflight.toml").write_text("[airspace.fetsh]\n")
    assert main(["airspace", "fetch", "fir"]) == 2
    assert capsys.readouterr().err == (
        "overflight: overflight.toml: airspace: fetsh: got an unknown name, expected a table of fetch, list\n"
    )
    (tmp_path / "overflight.toml").unlink()
    monkeypatch.setenv("OVERFLIGHT_AIRSPACE_FETSH", "1")
    assert main(["airspace", "none.nc"]) == 2
    assert "OVERFLIGHT_AIRSPACE_FETSH: got an unknown name, expected an option of airspace" in capsys.readouterr().err
