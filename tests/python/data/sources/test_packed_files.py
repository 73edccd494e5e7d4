"""Packed files that would unpack to far more than they are: by themselves, together, and one inside another."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from support.hostile_files import light, zipped
from tidydl import load_dataset, stream
from tidydl.data.readers import decompression_limits
from tidydl.data.sources.packed_files import check_packed
from tidydl.errors import ArgumentError, DamagedFileError, DataError, TidydlError

BOMB = gzip.compress(b"a\n" + b"1\n" * 2**20, 9)
CARD = "---\nconfigs: [{{config_name: d, data_files: {}}}]\n---\n"


@pytest.fixture
def small(monkeypatch):
    """Let one bomb pass, and no two."""
    monkeypatch.setattr(decompression_limits, "SMALL", 2**21 + 2**20)


def test_packed_tables_that_unpack_to_far_more_are_refused_by_that_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(decompression_limits, "SMALL", 2**21)
    many = 2**17
    parts = {"a.csv": b"a,b\n" + b"1,2\n" * many, "a.jsonl": b'{"a":1}\n' * many}
    for name, part in parts.items():
        part = gzip.compress(part, 9)
        name = f"{name}.gz"
        (tmp_path / name).write_bytes(part)
        assert len(load_dataset(tmp_path / name)) >= many
        (tmp_path / name).write_bytes(part * 9)
        for read in (load_dataset, stream):
            with light(), pytest.raises(DamagedFileError, match="200 times"):
                read(tmp_path / name)


def test_zip_files_that_unpack_to_far_more_are_refused_also_where_another_library_unpacks_them(tmp_path, monkeypatch):
    monkeypatch.setattr(decompression_limits, "SMALL", 2**21)
    bomb = zipped(("a.csv", bytes(2**24)))
    (tmp_path / "a.zip").write_bytes(bomb)
    with light(), pytest.raises(ArgumentError, match="200 times"):
        load_dataset(tmp_path / "a.zip")
    (tmp_path / "README.md").write_text("---\nconfigs: [{config_name: d, data_files: a.zip}]\n---\n")
    with light(10), pytest.raises(ArgumentError, match="200 times"):
        load_dataset(tmp_path)


def test_many_small_packed_files_share_one_allowance(tmp_path, small):
    (tmp_path / "0.csv.gz").write_bytes(BOMB)
    for _ in range(2):  # each load has its own
        assert len(load_dataset(tmp_path)) == 2**20
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.csv.gz").symlink_to(tmp_path / "0.csv.gz")
    for read in (load_dataset, stream):
        with light(), pytest.raises(DamagedFileError, match=r"1\.csv\.gz' unpacks to more than 200 times"):
            read(tmp_path)


def test_packed_files_in_a_zip_file_have_the_allowance_of_that(tmp_path, small):
    (tmp_path / "a.zip").write_bytes(zipped(("0.csv.gz", BOMB), ("1.csv.gz", BOMB)))
    for read in (load_dataset, stream):
        with light(), pytest.raises(DamagedFileError, match="200 times"):
            read(tmp_path / "a.zip")


@pytest.mark.filterwarnings("ignore:.*and tables, which are not")
@pytest.mark.parametrize("more", [(), (("1.png", b"no picture"),)])
def test_zip_files_share_one_allowance_whether_or_not_they_are_unpacked_already(tmp_path, monkeypatch, small, more):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "set"
    place.mkdir()
    for k in range(2):
        (place / f"{k}.zip").write_bytes(zipped((f"{k}.csv", b"a\n" + b"1\n" * 2**20), *more))
        load_dataset(place / f"{k}.zip")
    with light(), pytest.raises(ArgumentError, match="together to 200 times their size"):
        load_dataset(place)


def test_large_packed_files_may_unpack_to_much_together(tmp_path, monkeypatch):
    monkeypatch.setattr(decompression_limits, "SMALL", 1000)
    rows = "a,b\n" + "".join(f"{i},{i * 7919 % 1009}\n" for i in range(5000))
    for k in range(20):
        (tmp_path / f"{k}.csv.gz").write_bytes(gzip.compress(rows.encode()))
    assert len(load_dataset(tmp_path)) == 100_000


def tarred(*files):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as made:
        for name, content in files:
            told = tarfile.TarInfo(name)
            told.size = len(content)
            made.addfile(told, io.BytesIO(content))
    return held.getvalue()


PACKED = {
    "a.csv.bz2": bz2.compress(b"a\n" + b"1\n" * 2**23),
    "a.zip": zipped(("a.csv.gz", gzip.compress(b"a\n" + b"1\n" * 2**23))),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_a_readme_names_is_unpacked_within_the_limit(tmp_path, small, name):
    (tmp_path / name).write_bytes(PACKED[name])
    (tmp_path / "README.md").write_text(CARD.format(name))
    with light(10), pytest.raises(TidydlError, match="200 times"):
        load_dataset(tmp_path)


def test_what_another_library_would_unpack_is_left_packed(tmp_path, small):
    (tmp_path / "a.csv.xz").write_bytes(lzma.compress(bytes(2**24)))
    (tmp_path / "README.md").write_text(CARD.format("a.csv.xz"))
    with light(10), pytest.raises(ArgumentError, match="is not named as a csv file"):
        load_dataset(tmp_path)
    (tmp_path / "b.zip").write_bytes(zipped(("a.csv", "a\n1\n"), ("a.zip", zipped(("a.csv", bytes(2**24))))))
    (tmp_path / "README.md").write_text(CARD.format("b.zip"))
    for path in (tmp_path, tmp_path / "b.zip"):
        with light(10), pytest.raises(DataError, match=r"contains another, 'a\.zip'"):
            load_dataset(path)


def test_tar_files_are_counted_by_what_they_hold(tmp_path, small):
    (tmp_path / "a.tar").write_bytes(tarred(("a.csv.gz", BOMB), ("b.csv.gz", BOMB)))
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(tarred(("a.csv", bytes(2**24)))))
    (tmp_path / "c.tar").write_bytes(tarred(("a.csv", b"a\n1\n")))
    for name in ("a.tar", "b.tar.gz"):
        with light(), decompression_limits.one_allowance(), pytest.raises(DamagedFileError, match="200 times"):
            check_packed(tmp_path / name)
    check_packed(tmp_path / "c.tar")


def test_folders_that_names_imply_count_among_what_is_unpacked(tmp_path, monkeypatch, small):
    monkeypatch.setenv("TIDYDL_CACHE", str(tmp_path / "cache"))
    deep = [f"{k}/" + "a/" * 80 + "x.png" for k in range(20)]  # 1,620 folders of 4 KB
    (tmp_path / "a.zip").write_bytes(zipped(*((name, b"") for name in deep)))
    with light(), pytest.raises(ArgumentError, match="in 20 files and 1620 folders"):
        load_dataset(tmp_path / "a.zip")
    (tmp_path / "b.tar").write_bytes(tarred(("a.zip", (tmp_path / "a.zip").read_bytes())))
    (tmp_path / "c.tar.gz").write_bytes(gzip.compress(tarred(*((name, b"") for name in deep))))
    for name in ("b.tar", "c.tar.gz"):
        with light(), decompression_limits.one_allowance(), pytest.raises(TidydlError, match="200 times"):
            check_packed(tmp_path / name)
    assert not list((tmp_path / "cache").rglob("a"))


def test_a_zip_file_of_more_than_a_hundred_levels_is_refused(tmp_path):
    for levels, error in ((99, None), (100, ArgumentError)):
        (tmp_path / "a.zip").write_bytes(zipped(("a/" * levels + "x.csv", "a\n1\n")))
        if error is None:
            assert len(load_dataset(tmp_path / "a.zip")) == 1
            continue
        with pytest.raises(error, match=r"holds 'a/a/.*', a path with 101 levels"):
            load_dataset(tmp_path / "a.zip")


def test_a_zip_file_of_too_many_folders_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tidydl.data.sources.zips._FILES", 20)
    (tmp_path / "a.zip").write_bytes(zipped(*((f"{k}/{k}/x.csv", "a\n1\n") for k in range(9))))
    with pytest.raises(ArgumentError, match="in 9 files and 18 folders"):
        load_dataset(tmp_path / "a.zip")
