"""Which files of a data set on the Hub make which split, and those alone on this machine.

That is decided by ``datasets``, as for a local folder: it is given a folder with the page of the data set and, in
place of its files, empty ones of the same names. Then the files that are needed are downloaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidydl import rendering
from tidydl.boundaries import first_line
from tidydl.data.sources.dataset_cards import check_card, check_kind
from tidydl.data.sources.path_bounds import Bounds
from tidydl.data.sources.paths import DataFiles
from tidydl.data.sources.unloaded_files import check_all_loaded
from tidydl.errors import ArgumentError, NotFoundError, TidydlError, one_of, unknown_name
from tidydl.hub.branches import PARQUET, has_parquet_branch
from tidydl.hub.failures import listed
from tidydl.hub.fetching import Choose, Snapshot, fetch, mend
from tidydl.hub.repositories import Repository

if TYPE_CHECKING:
    import datasets

_DESCRIPTIONS = ("README.md", ".huggingface.yaml", "dataset_infos.json")
_CONVERTED = re.compile(r"(?P<config>[^/]+)/(?:partial-)?(?P<split>[^/]+)/\d+\.parquet")


@dataclass(frozen=True)
class Asked:
    """What of a data set is asked for, by arguments of ``load_dataset()``; ``splits`` None is all of them."""

    name: str | None = None
    data_dir: str | None = None
    data_files: DataFiles | None = None
    splits: Sequence[str] | None = None


@dataclass
class HubFiles:
    """The files of a data set that are asked for.

    Parameters
    ----------
    repo
        The data set.
    asked
        What of it.
    scratch
        A folder for what is needed while reading.
    verify
        Whether to check what is downloaded.
    """

    repo: Repository
    asked: Asked
    scratch: Path
    verify: bool = True
    _fetched: list[Snapshot] = field(default_factory=list)

    def find(self) -> datasets.DatasetBuilder:
        """Find the files, bring them onto this machine, and give the builder of ``datasets`` that can read them.

        Raises
        ------
        NotFoundError, ArgumentError
            Where there is no such configuration, split or file, or only a script.
        HubError, DamagedFileError, StorageError
            Where they cannot be had.
        """
        described = self._fetch(lambda names: [name for name in _DESCRIPTIONS if name in names])
        names = list(described.listing.files)
        self._refuse_script(described, names)
        self._lay_out(described, names)
        check_card(self.folder)
        builder = self._builder(names)
        check_kind(type(builder).__module__.rpartition(".")[2], self.repo.id)
        repo_files = frozenset(names)
        by_split = {
            str(split): [self._name(file, repo_files) for file in files]
            for split, files in builder.config.data_files.items()
        }
        loaded = {split: [self.folder / name for name in files] for split, files in by_split.items()}
        check_all_loaded(
            f"`path` '{self.repo.id}'",
            Bounds(self.folder),
            builder.config.name,
            loaded,
            self.asked.data_dir,
            self.asked.data_files,
        )
        wanted = self._wanted(by_split)
        snapshot = self._fetch(lambda _: [name for split in wanted for name in by_split[split]])
        here = {split: [str(snapshot.folder / name) for name in by_split[split]] for split in wanted}
        builder.config.data_files = _as_data_files(here)
        return builder

    def mend(self) -> bool:
        """Download anew what was damaged since it was downloaded; say whether anything was."""
        mended = [mend(each, argument="path") for each in self._fetched]
        return any(mended)

    @property
    def snapshot_folder(self) -> Path:
        """The folder that the files were downloaded to."""
        return self._fetched[-1].folder

    @property
    def folder(self) -> Path:
        """The folder that stands for the data set."""
        return self.scratch / self.repo.id.rpartition("/")[2]

    def _fetch(self, choose: Choose) -> Snapshot:
        repo = self.repo.at(self._fetched[0].commit) if self._fetched else self.repo
        self._fetched.append(fetch(repo, choose, argument="path", verify=self.verify))
        return self._fetched[-1]

    def _refuse_script(self, described: Snapshot, names: Sequence[str]) -> None:
        """Refuse a data set that is made by a script, unless its page says how to do without."""
        script = f"{self.repo.id.rpartition('/')[2]}.py"
        if script not in names or self.asked.data_files is not None:
            return
        page = described.folder / "README.md"
        text = page.read_text(encoding="utf-8", errors="replace") if "README.md" in described.files else ""
        if re.match(r"---\n(?:.*\n)*?configs:", text) is None:
            raise self._needs_script(script)

    def _needs_script(self, script: str) -> TidydlError:
        converted = has_parquet_branch(self.repo)
        return ArgumentError(
            f"`path` is '{self.repo.id}', a data set with a loading script ('{script}'); "
            "`datasets` no longer runs such scripts.",
            allowed="Data sets of parquet, csv, json, text, image or audio files.",
            hint=f"The Hub has a parquet version: revision = '{PARQUET}'."
            if converted
            else "Look for a parquet version on the Hub, or download the source files and give them as `data_files`.",
        )

    def _lay_out(self, described: Snapshot, names: Sequence[str]) -> None:
        """Make the folder that stands for the data set."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in described.files:
                shutil.copyfile(described.folder / name, path)
            elif not name.endswith(".py"):
                path.touch()
        self.folder.mkdir(parents=True, exist_ok=True)
        if page := _page_of_converted(names):
            (self.folder / "README.md").write_text(page, encoding="utf-8")

    def _builder(self, names: Sequence[str]) -> datasets.DatasetBuilder:
        import datasets

        asked = self.asked
        try:
            return self._load_builder()
        except zipfile.BadZipFile:  # what kind of files it holds shows inside
            self._copy_archives(names)
            return self._load_builder()
        except FileNotFoundError as error:
            raise self._no_files(names) from error
        except Exception as error:  # `datasets` raises anything for a page that is not as it should be
            if isinstance(error, (TidydlError, OSError)):
                raise
            try:
                configs = datasets.get_dataset_config_names(str(self.folder)) if asked.data_files is None else []
            except Exception:  # the first error says what is wrong
                configs = []
            if asked.name is not None and asked.name not in configs:
                raise unknown_name("name", asked.name, configs) from error
            if asked.name is None and len(configs) > 1:
                raise ArgumentError(
                    f"`name` is missing: the data set '{self.repo.id}' has several configurations.",
                    allowed=one_of(configs),
                    hint=f"For example name = '{configs[0]}'.",
                ) from error
            raise ArgumentError(f"`path` '{self.repo.id}' cannot be loaded: {first_line(error)}.") from error

    def _load_builder(self) -> datasets.DatasetBuilder:
        import datasets

        return datasets.load_dataset_builder(
            str(self.folder),
            self.asked.name,
            data_dir=self.asked.data_dir,
            data_files=self.asked.data_files,
            cache_dir=str(self.scratch / ".prepared"),
        )

    def _no_files(self, names: Sequence[str]) -> TidydlError:
        named = self.asked.data_files or self.asked.data_dir
        if named is not None:
            argument = "data_files" if self.asked.data_files is not None else "data_dir"
            problem = f"`{argument}` {rendering.value(named)} matches no file of the data set '{self.repo.id}'."
        else:
            problem = f"`path` is '{self.repo.id}', a data set without readable data files."
        return NotFoundError(
            problem,
            allowed="Data sets of parquet, csv, json, text, image or audio files.",
            hint=f"It holds {listed(sorted(names))}.",
        )

    def _name(self, file: object, names: Collection[str]) -> str:
        """Return the name in the repository of a file in the folder that stands for it.

        Raises
        ------
        NotFoundError
            It is none of the repository's.
        """
        path = os.path.normpath(str(file))
        name = Path(os.path.relpath(path, self.folder.resolve())).as_posix()
        if name not in names:
            raise self._no_files(list(names))
        return name

    def _wanted(self, by_split: Mapping[str, Any]) -> list[str]:
        if self.asked.splits is None:
            return list(by_split)
        for split in self.asked.splits:
            if split not in by_split:
                raise unknown_name("split", split, by_split, hint="load_dataset() without `split` returns all of them.")
        return [split for split in by_split if split in self.asked.splits]

    def _copy_archives(self, names: Sequence[str]) -> None:
        """Download the zip files and put them in the place of the empty ones."""
        snapshot = self._fetch(lambda _: [name for name in names if name.endswith(".zip")])
        for name in snapshot.files:
            shutil.copyfile(snapshot.folder / name, self.folder / name)


def _as_data_files(files: Mapping[str, list[str]]) -> Any:
    """Return files by split as the builders of ``datasets`` hold them."""
    from datasets.data_files import DataFilesDict, DataFilesList

    return DataFilesDict({split: DataFilesList(some, [()] * len(some)) for split, some in files.items()})


def _page_of_converted(names: Sequence[str]) -> str | None:
    """Write the page that the Hub's own parquet branch lacks: its folders are configurations, those in them splits."""
    tables = [name for name in names if name.endswith(".parquet")]
    matches = [_CONVERTED.fullmatch(name) for name in tables]
    if "README.md" in names or not tables or not all(matches):
        return None
    configs: dict[str, dict[str, list[str]]] = {}
    for match in filter(None, matches):
        configs.setdefault(match["config"], {}).setdefault(match["split"], []).append(match.string)
    card_configs = [
        {"config_name": config, "data_files": [{"split": split, "path": paths} for split, paths in splits.items()]}
        for config, splits in configs.items()
    ]
    return f"---\n{json.dumps({'configs': card_configs})}\n---\n"
