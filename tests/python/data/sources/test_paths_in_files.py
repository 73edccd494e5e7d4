"""What a stranger's files say of other files: nothing leads out of their folder, and nothing is fetched."""

import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from hub import Hub
from support.visiting import visit
from tidydl import load_dataset, stream, write_dataset
from tidydl.data.media.image import ImageArray
from tidydl.errors import ArgumentError, DamagedFileError, DataError, NotFoundError, TidydlError

SECRET = "a,b\nsecret,1\n"
OPEN = "a,b\nopen,1\n"
LEADING_OUT = [
    "../secret.csv",
    "*/../../secret.csv",
    "{outside}/secret.csv",
    "~/secret.csv",
    "file://{outside}/secret.csv",
    "file:{outside}/secret.csv",
    "local://{outside}/secret.csv",
    "http://127.0.0.1:9/secret.csv",
    "hf://datasets/us/them/secret.csv",
    "s3://bucket/secret.csv",
    "zip://*.csv::{outside}/secret.zip",
    "simplecache::file://{outside}/secret.csv",
    "C:\\secret.csv",
    "..\\secret.csv",
]
SHAPES = {
    "text": lambda path: {"data_files": path},
    "list": lambda path: {"data_files": ["a.csv", path]},
    "splits": lambda path: {"data_files": [{"split": "train", "path": ["a.csv", path]}]},
    "folder": lambda path: {"data_dir": os.path.dirname(path.partition("::")[2] or path) or path},
}


@pytest.fixture
def folder(tmp_path):
    """A folder of data, with a secret beside it."""
    (tmp_path / "secret.csv").write_text(SECRET)
    made = tmp_path / "set"
    made.mkdir()
    (made / "a.csv").write_text(OPEN)
    return made


def card(folder, *configs, name="README.md"):
    named = [{"config_name": f"c{k}" if k else "default", **config} for k, config in enumerate(configs)]
    text = f"configs: {json.dumps(named)}\n"
    (folder / name).write_text(f"---\n{text}---\n" if name == "README.md" else text)


@pytest.mark.parametrize("path", LEADING_OUT)
def test_a_readme_names_no_file_outside_of_its_folder(folder, path):
    path = path.format(outside=folder.parent)
    for shape in SHAPES.values():
        card(folder, shape(path))
        with pytest.raises(DataError, match=r"README\.md' gives '.*' as `data_(files|dir)`, which is a"):
            load_dataset(folder)
    card(folder, {"data_files": "a.csv"}, {"data_files": path})
    with pytest.raises(DataError):  # whichever configuration is asked for
        load_dataset(folder, "default")


def test_what_a_readme_names_inside_its_folder_is_read(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "b.csv").write_text(OPEN)
    for config in ({"data_files": "*.csv"}, {"data_files": "./sub/*"}, {"data_dir": "sub"}):
        card(folder, config)
        assert load_dataset(folder)["a"].tolist() == ["open"]


def test_the_other_file_that_describes_a_folder_is_looked_through_too(folder):
    card(folder, {"data_files": "a.csv"})
    card(folder, {"data_files": "../secret.csv"}, name=".huggingface.yaml")
    with pytest.raises(DataError, match=r"\.huggingface\.yaml' gives '\.\./secret\.csv'"):
        load_dataset(folder)


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("linked", ["file", "folder", "zip"])
def test_links_do_not_leave_a_folder_unless_it_is_trusted(folder, described, linked):
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "s.csv").write_text(SECRET)
    (folder / "a.csv").unlink()
    link = folder / {"file": "s.csv", "folder": "sub", "zip": "s.zip"}[linked]
    link.symlink_to(outside if linked == "folder" else outside / "s.csv")
    if described:
        card(folder, {"data_files": "**"})
    with pytest.raises(DataError, match="is a link that leaves the folder"):
        load_dataset(folder)
    with pytest.raises(DataError, match="is a link that leaves the folder"):
        stream(folder)
    if linked == "file" or (linked == "folder" and not described):
        assert load_dataset(folder, trusted=True)["a"].tolist() == ["secret"]


@pytest.mark.parametrize("described", [True, False])
def test_what_is_named_in_a_folder_is_no_link_out_of_it_unless_trusted(folder, described):
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "s.csv").write_text(SECRET)
    (folder / "sub").symlink_to(outside)
    (folder / "s.csv").symlink_to(outside / "s.csv")
    if described:
        card(folder, {"data_files": "a.csv"})
    calls = [(folder, {"data_dir": "sub"}), (folder, {"data_files": "sub/*.csv"}), (folder, {"data_files": "s.csv"})]
    calls += [("csv", {"data_dir": str(folder), "data_files": name}) for name in ("sub/*.csv", "sub/s.csv", "sub")]
    for path, named in calls:
        for read in (load_dataset, stream):
            with pytest.raises(DataError, match=r"s(ub|\.csv)' is a link that leaves the folder '"):
                read(path, **named)
        assert load_dataset(path, **named, trusted=True)["a"].tolist() == ["secret"]
    for path, named in (("csv", {"data_files": str(outside / "s.csv")}), ("csv", {"data_dir": str(folder / "sub")})):
        assert load_dataset(path, **named)["a"].tolist() == ["secret"]  # which the caller names


def test_a_link_to_itself_and_one_that_leaves_are_named_by_their_paths(folder):
    (folder / "b.csv").symlink_to("b.csv")
    with pytest.raises(NotFoundError, match=r"b\.csv' is a link that points to itself"):
        load_dataset(folder)
    (folder / "b.csv").unlink()
    (folder / "sub").symlink_to("..")
    with pytest.raises(DataError, match=rf"^'{folder / 'sub'}' is a link"):
        load_dataset(folder)


def test_folders_whose_links_multiply_are_refused_at_once(folder):
    for level in range(40):
        (folder / f"d{level}").mkdir()
        for name in ("x", "y"):
            (folder / f"d{level}" / name).symlink_to(f"../d{level + 1}")
    (folder / "d40").mkdir()
    with pytest.raises(ArgumentError, match="1,000 folders through links"):
        load_dataset(folder)


def test_folders_that_are_links_lose_no_rows_read_none_twice_and_may_lead_back(folder):
    (folder / "kept").mkdir()
    (folder / "kept" / "b.csv").write_text(OPEN)
    (folder / "again").symlink_to("kept")
    (folder / "kept" / "up").symlink_to("..")
    (folder / "kept" / "here").symlink_to(".")
    assert len(load_dataset(folder)) == 2


def test_links_within_a_folder_and_files_that_are_named_outright_are_followed(folder):
    (folder / "b.csv").symlink_to(folder / "a.csv")
    assert len(load_dataset(folder)) == 2
    (folder / "c.csv").symlink_to("../secret.csv")
    assert load_dataset(folder / "c.csv")["a"].tolist() == ["secret"]
    assert len(load_dataset("csv", data_files=str(folder / "c.csv"))) == 1
    for pattern in (str(folder / "*.csv"), str(folder / "[c].csv")):
        with pytest.raises(DataError, match="leaves the folder"):
            load_dataset(pattern)
        assert len(load_dataset(pattern, trusted=True))


def test_a_version_in_the_cache_of_the_hub_is_a_folder_whose_links_stay_in_the_repository(tmp_path):
    repository = tmp_path / "datasets--us--them"
    version = repository / "snapshots" / ("0" * 40)
    version.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "blobs" / "abc").write_text(OPEN)
    (version / "a.csv").symlink_to("../../blobs/abc")
    assert len(load_dataset(version)) == 1
    (tmp_path / "secret.csv").write_text(SECRET)
    (version / "b.csv").symlink_to("../../../secret.csv")
    with pytest.raises(DataError, match="leaves the folder"):
        load_dataset(version)


STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
IMAGE = {"_type": "Image"}


def with_cells(file, values, kind, feature=None):
    table = pa.table({"image": pa.array(values, kind)})
    if feature is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": {"image": feature}}})})
    pq.write_table(table, file)


@pytest.mark.parametrize("named", ["/etc/hostname", "../out.png", "{folder}/../out.png", "a/../../out.png", "link.png"])
@pytest.mark.parametrize("shape", ["plain", "feature", "list", "texts", "nested"])
def test_cells_name_no_image_outside_of_the_folder_of_their_file(folder, named, shape):
    named = named.format(folder=folder)
    Image.new("L", (2, 2)).save(folder.parent / "out.png")
    (folder / "link.png").symlink_to("../out.png")
    cell = {"bytes": None, "path": named}
    values, kind, feature = {
        "plain": ([None, cell], STRUCT, None),
        "feature": ([cell], STRUCT, IMAGE),
        "list": ([[cell], None], pa.list_(STRUCT), {"_type": "List", "feature": IMAGE}),
        "texts": ([[named]], pa.list_(pa.string()), [IMAGE]),
        "nested": ([{"x": cell}], pa.struct([("x", STRUCT)]), {"x": IMAGE}),
    }[shape]
    file = folder / "cells.parquet"
    with_cells(file, values, kind, feature)
    for read in (load_dataset, lambda path: list(stream(path)), lambda path: load_dataset(path, as_="dataset")):
        with pytest.raises(DataError, match="outside the folder"):
            read(file)
    if named == "link.png":
        load_dataset(file, trusted=True)


def test_cells_with_their_own_contents_or_files_beside_them_are_read_from_any_working_folder(folder, monkeypatch):
    for name, shade in (("in.png", 9), ("sub/in.png", 7)):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.new("L", (2, 2), shade).save(folder / name)
    content = (folder / "in.png").read_bytes()
    cells = [{"bytes": content, "path": "/etc/hostname"}, {"bytes": None, "path": "sub/in.png"}]
    cells += [{"bytes": None, "path": str(folder / "in.png")}]
    with_cells(folder / "cells.parquet", cells, STRUCT)
    (folder.parent / "sub").mkdir()
    Image.new("L", (2, 2), 1).save(folder.parent / "sub" / "in.png")  # beside the working folder, not the file
    monkeypatch.chdir(folder.parent)
    for frame in (load_dataset("set/cells.parquet"), *stream("set/cells.parquet")):
        assert [int(image.array()[0, 0]) for image in frame["image"]] == [9, 7, 9]


def test_cells_are_no_urls_trusted_or_not(folder):
    with_cells(folder / "cells.parquet", [{"bytes": None, "path": "http://127.0.0.1:9/x.png"}], STRUCT)
    for trusted in (True, False):
        with pytest.raises(ArgumentError, match="URLs are not downloaded"):
            load_dataset(folder / "cells.parquet", as_="arrow", trusted=trusted)


def test_images_in_other_folders_come_back_where_the_file_is_trusted(folder):
    Image.new("L", (2, 2), 5).save(folder.parent / "out.png")
    path = write_dataset(pd.DataFrame({"i": ImageArray([folder.parent / "out.png"])}), folder / "mine.parquet")
    with pytest.raises(DataError, match="outside the folder") as caught:
        load_dataset(path)
    assert "trusted=True" in caught.value.hint
    assert load_dataset(path, trusted=True)["i"][0].array().tolist() == [[5, 5], [5, 5]]


@pytest.mark.parametrize("name", ["../out.png", "/etc/hostname", "link.png", "~/x.png", "file:///etc/hostname"])
def test_a_metadata_file_names_images_in_its_folder_alone(folder, name):
    (folder / "a.csv").unlink()
    for place in (folder / "in.png", folder.parent / "out.png"):
        Image.new("L", (2, 2)).save(place)
    (folder / "link.png").symlink_to("../out.png")
    (folder / "metadata.csv").write_text(f"file_name\n{name}\n")
    with pytest.raises(DataError, match=r"outside of its folder|leaves the folder|a URL"):
        load_dataset(folder)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("configs: [unclosed\n", "ParserError"),
        ("configs: !!python/object/apply:os.system ['true']\n", "constructor"),
        (f"configs: {'[' * 20_000}{']' * 20_000}\n", "64 levels of nesting"),
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
        ) + "configs: *h\n", "1,000,000 values"),
        ("configs: &a [*a]\n", "cannot be loaded"),
        ("configs: [{config_name: d, data_files: &a [*a]}]\n", "RecursionError"),
        ("configs:\n- 5\n", "cannot be loaded"),
        ("dataset_info: {features: 7}\nconfigs: []\n", "cannot be loaded"),
        ("configs:\n\xff\n", "UnicodeDecodeError"),
        (f"configs: []\nx: {'y' * 2**24}\n", "16 MiB"),
    ],
)  # fmt: skip
def test_a_readme_that_is_not_as_it_should_be_is_told_of(folder, head, said):
    (folder / "README.md").write_bytes(f"---\n{head}---\n".encode("latin1"))
    with pytest.raises((DamagedFileError, ArgumentError), match=said):
        load_dataset(folder)


def test_data_sets_of_kinds_that_only_another_library_reads_are_refused(folder):
    (folder / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    card(folder, {"data_files": "a.h5"})
    with pytest.raises(ArgumentError, match="of type 'hdf5'"):
        load_dataset(folder)


STRANGE = ["run:1", "file:x", "s3:x", "hf:x", "memory:x", "zip::x", "a::b", "a#b", "a?b", "a%20b", "a*b", "[a]", "-x"]


@pytest.mark.parametrize("stem", STRANGE)
def test_no_path_of_a_user_is_taken_for_an_address(tmp_path, monkeypatch, stem):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    for name in (f"{stem}.parquet", f"{stem}/{stem}.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_dataset(frame, name)
        assert (tmp_path / name).is_file()
        pd.testing.assert_frame_equal(load_dataset(name), frame)
        assert load_dataset(name, columns="y", n=1)["y"].tolist() == ["a"]
        pd.testing.assert_frame_equal(pd.concat(stream(name, batch_size=1)), frame)
    write_dataset({"train": frame, "own": frame}, "splits:1")
    assert len(load_dataset("splits:1", split="own")) == 2
    for name in (f"{stem}.csv", f"{stem}.jsonl"):
        text = frame.to_csv(index=False) if name.endswith("csv") else frame.to_json(orient="records", lines=True)
        (tmp_path / name).write_text(text)
        pd.testing.assert_frame_equal(load_dataset(name), frame)
        pd.testing.assert_frame_equal(pd.concat(stream(name, batch_size=1)), frame)
    Image.new("L", (2, 2)).save(tmp_path / stem / "1.png")
    with pytest.warns(UserWarning, match="tables, which are not"):
        assert load_dataset(stem)["image"][0].width == 2


def test_a_folder_that_another_library_would_take_for_an_address_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a::b").mkdir()
    (tmp_path / "a::b" / "x.csv").write_text(OPEN)
    assert len(load_dataset("a::b")) == 1
    card(tmp_path / "a::b", {"data_files": "x.csv"})
    with pytest.raises(ArgumentError, match="'::'"):
        load_dataset("a::b")


def test_a_chain_of_addresses_is_refused_as_a_url_is(folder):
    for path in ("simplecache::http://127.0.0.1:9/x.csv", "zip://a.csv::http://127.0.0.1:9/x.zip"):
        for call in ({"path": path}, {"path": "csv", "data_files": path}):
            with pytest.raises(ArgumentError, match="URL"):
                load_dataset(**call)


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """Serve data sets whose pages and cells lead out of them, and load them in one process."""
    home, served = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("served")
    (home / "secret.csv").write_text(SECRET)
    paths = ["../" * 9 + f"{home}/secret.csv"[1:], f"{home}/secret.csv", f"file://{home}/secret.csv"]
    paths += ["http://127.0.0.1:9/x.csv", "hf://datasets/us/other/x.csv", "zip://*.csv::http://127.0.0.1:9/x.zip"]
    with Hub() as hub:
        steps = {}
        for number, path in enumerate(paths):
            made = served / f"set{number}"
            made.mkdir()
            (made / "a.csv").write_text(OPEN)
            card(made, {"data_files": path})
            hub.add(f"us/set{number}", made, kind="dataset")
            steps[path] = {"do": "data", "path": f"us/set{number}"}
        cells = served / "cells"
        cells.mkdir()
        with_cells(cells / "a.parquet", [{"bytes": None, "path": "/etc/hostname"}], STRUCT, IMAGE)
        hub.add("us/cells", cells, kind="dataset")
        plain = served / "plain"
        plain.mkdir()
        (plain / "a.csv").write_text(OPEN)
        hub.add("us/plain", plain, kind="dataset")
        steps["cells"] = {"do": "data", "path": "us/cells"}
        steps["user"] = {"do": "data", "path": "us/plain", "data_files": "../" * 9 + f"{home}/secret.csv"[1:]}
        steps["plain"] = {"do": "data", "path": "us/plain"}
        return visit(home, hub.url, steps)


def test_a_data_set_of_the_hub_leads_nowhere_else(visited):
    assert visited.pop("plain")["first"][0] == "open"
    for step, found in visited.items():
        assert found.get("kind") in ("data", "not_found"), (step, found)
        assert "secret" not in str(found.get("first"))
    assert "is a URL" in visited["http://127.0.0.1:9/x.csv"]["problem"]
    assert "outside the folder" in visited["cells"]["problem"]


def test_a_page_that_no_reader_of_yaml_takes_is_an_error_of_ours_whatever_it_is(folder):
    heads = ["configs: {a: [\n", "configs:\n - config_name: 1\n   data_files: [{}]\n", "configs: [{}]\n"]
    for head in [*heads, "configs: [[]]\n", "configs: 1\n"]:
        (folder / "README.md").write_text(f"---\n{head}---\n")
        with pytest.raises(TidydlError):
            load_dataset(folder)


def test_a_cell_names_what_is_in_a_zip_file_of_its_own_data_set_alone(folder):
    from tidydl.data.sources.media_paths import check_media_paths
    from tidydl.data.sources.path_bounds import Bounds

    ours = str(folder / "a.zip")

    def checked(path):
        table = pa.table({"image": pa.array([{"bytes": None, "path": path}], STRUCT)})
        return check_media_paths(table, {}, Bounds(folder), "it", packed={ours}).column(0)[0].as_py()["path"]

    assert checked(f"zip://x.png::{ours}") == f"zip://x.png::{ours}"
    others = [f"zip://x.png::{folder}/b.zip", f"file://x::{ours}", f"zip://x.png::{ours}::http://127.0.0.1:9/x.zip"]
    for path in [*others, "zip://x.png::http://127.0.0.1:9/x.zip", f"http://127.0.0.1:9/x::{ours}"]:
        with pytest.raises(ArgumentError, match="URLs are not downloaded"):
            checked(path)
