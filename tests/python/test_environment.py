"""sitrep() finds what is there, and says what mends what is not."""

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import tomllib
from importlib import metadata
from pathlib import Path

import lazy_loader
import pytest

from support import ROOT
from tidydl import environment, sitrep

REPORT = "from tidydl import sitrep; print(sitrep(hub={hub}, device={device}))"


def report_of(code: str, *, path: list[Path], bare: bool = False, **variables: str) -> str:
    """Print a report in a Python of its own; a bare one sees no installed packages."""
    places = [str(place) for place in (*path, ROOT / "python")]
    start = f"import sys; sys.path[:0] = {places!r}; "
    command = [sys.executable, *(["-S", "-E"] if bare else []), "-c", start + code]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables},
    )
    return done.stdout


def line_of(report: str, item: str) -> str:
    return next(line for line in report.splitlines() if line[2:].startswith(item))


def mend_of(report: str, item: str) -> str:
    lines = report.splitlines()
    return lines[lines.index(line_of(report, item)) + 1].strip()


def record(folder: Path, name: str, version: str) -> Path:
    """Write the record that pip leaves of an installed package."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


@pytest.fixture(scope="module")
def here() -> environment.Report:
    return sitrep(hub=False, device=False)


def test_every_required_library_has_a_line_with_its_installed_version(here):
    found = {finding.item: finding.value for finding in here.findings}
    assert {name: found[name] for name in environment.REQUIRED} == {
        name: metadata.version(name) for name in environment.REQUIRED
    }


def test_the_python_named_is_the_one_that_runs(here):
    assert sys.executable in next(f.value for f in here.findings if f.item == "Python")


def test_a_sound_machine_has_no_faults(here):
    assert here.faults == []
    assert str(here).endswith("No problems.")


def test_the_frame_says_what_the_report_says(here):
    frame = here.frame()
    assert list(frame) == ["item", "value", "status", "mend"]
    assert list(frame["status"].cat.categories) == ["ok", "note", "fault"]
    assert frame["item"].tolist() == [finding.item for finding in here.findings]
    assert frame["mend"].isna().tolist() == [finding.mend is None for finding in here.findings]


def test_a_report_never_loads_torch_when_the_device_is_not_asked_for(tmp_path):
    code = "from tidydl import sitrep; sitrep(hub=False, device=False); print('torch' in sys.modules)"
    assert report_of(code, path=[]).strip() == "False"


def test_missing_libraries_are_faults_with_the_command_that_installs_them(tmp_path):
    (tmp_path / "lazy_loader").symlink_to(Path(lazy_loader.__file__).parent)
    report = report_of(REPORT.format(hub=True, device=True), path=[tmp_path], bare=True)
    assert "✖ torch" in report
    assert mend_of(report, "torch").endswith('-m pip install "torch>=2.13"')
    assert line_of(report, "pandas").endswith("not installed")
    assert f"{len(environment.REQUIRED)} problems to fix." in report


def test_a_library_that_is_too_old_is_a_fault(tmp_path):
    report = report_of(REPORT.format(hub=False, device=False), path=[record(tmp_path, "pandas", "1.5.3")])
    assert line_of(report, "pandas").endswith("1.5.3, older than 2.2")
    assert "1 problem to fix." in report


def test_a_broken_torch_is_a_fault_and_not_an_error(tmp_path):
    record(tmp_path, "torch", "2.13.0")
    (tmp_path / "torch.py").write_text("raise OSError('libtorch_cpu.so: cannot open shared object file')\n")
    report = report_of(REPORT.format(hub=False, device=True), path=[tmp_path])
    assert line_of(report, "device").startswith("✖")
    assert "libtorch_cpu.so" in line_of(report, "device")
    assert "--force-reinstall" in mend_of(report, "device")


def test_the_device_has_a_name():
    device = next(f for f in sitrep(hub=False).findings if f.item == "device")
    kind, _, name = device.value.partition(": ")
    assert kind == "mps" or kind == "cpu" or kind.startswith("cuda:")
    assert name


def test_the_size_of_the_cache_is_that_of_its_files(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights").write_bytes(b"\0" * 12_000)
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path))
    finding = next(f for f in sitrep(hub=False, device=False).findings if f.item == "cache of tidydl")
    assert finding.value == f"{tmp_path} (12 KB)"


def test_a_cache_that_cannot_be_written_to_is_a_fault(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "file" / "cache"))
    (fault,) = sitrep(hub=False, device=False).faults
    assert fault.item == "cache of tidydl"
    assert "TIDYDL_CACHE" in fault.mend


def test_offline_switches_are_named_and_respected(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = {f.item: f for f in sitrep(device=False).findings}
    assert "HF_HUB_OFFLINE set" in found["offline switches"].value
    assert "not asked" in found["Hub"].value


def test_no_switch_is_reported_where_none_is_set(monkeypatch):
    for switch in environment.SWITCHES:
        monkeypatch.delenv(switch, raising=False)
    found = {f.item: f.value for f in sitrep(hub=False, device=False).findings}
    assert found["offline switches"] == "none set"


def hub_report(endpoint: str) -> str:
    unset = dict.fromkeys([*environment.SWITCHES, "HTTP_PROXY", "http_proxy"], "")
    code = REPORT.format(hub=True, device=False)
    return line_of(report_of(code, path=[], HF_ENDPOINT=endpoint, NO_PROXY="127.0.0.1", **unset), "Hub")


def test_a_hub_that_answers_is_said_to_answer():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        assert hub_report(endpoint).endswith(f"{endpoint} responds")
        server.shutdown()


def test_a_hub_that_keeps_silent_is_waited_for_two_seconds():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        line = hub_report(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "does not respond" in line
        assert time.monotonic() - began < environment.HUB_SECONDS + 10  # and a Python's start


def test_without_a_folder_for_compiled_code_it_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    found = {f.item: f for f in sitrep(hub=False, device=False).findings}
    assert found["compiled code"].status == "note"
    assert "NUMBA_CACHE_DIR" in found["compiled code"].mend


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_oldest_versions_are_those_of_the_project_file():
    declared = dict(line.split(">=") for line in project()["dependencies"])
    assert declared == environment.REQUIRED


def sections() -> dict[str, list[str]]:
    """Read constraints.txt as install_tidydl() does."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "inst" / "constraints.txt").read_text().splitlines():
        if line.startswith("# ") and line[2:].isalpha():
            found[line[2:]] = []
        elif line and line[0].isalpha() and found:
            found[list(found)[-1]].append(line)
    return found


def name_and_oldest(line: str) -> tuple[str, str]:
    name = line.split("==")[0].split(" ")[0].lower().replace("_", "-")
    return name, line.partition("# >=")[2]


def test_the_tested_versions_cover_the_project_file_in_its_own_groups():
    core = dict(name_and_oldest(line) for line in sections()["core"])
    assert core == environment.REQUIRED
    extras = set(project()["optional-dependencies"]) - {"r", "test", "all"}  # which install_tidydl() does not bring
    assert extras == set(sections()) - {"core", "test", "build"}
    for extra in extras:
        declared = [entry.split(">=") for entry in project()["optional-dependencies"][extra]]
        assert [name_and_oldest(line) for line in sections()[extra]] == [
            (name, oldest[0] if oldest else "") for name, *oldest in declared
        ]


def test_the_core_is_pinned_without_endings_that_other_machines_lack():
    assert all("==" in line and "+" not in line for line in sections()["core"])


@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_password_in_the_address_of_the_hub_is_not_shown(offline):
    code = "import tidydl; print(tidydl.sitrep(device=False))"
    settings = {"HF_ENDPOINT": "http://somebody:s3cret@127.0.0.1:9/hub", "HF_HUB_OFFLINE": offline}
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ, **settings}, capture_output=True, text=True)
    assert "http://127.0.0.1:9/hub" in ran.stdout, ran.stderr
    assert "s3cret" not in ran.stdout
    assert "somebody" not in ran.stdout
