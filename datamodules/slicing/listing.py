"""Listing the cases of a folder: those whose files fit a pattern, or those of them that a table names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.dataset.absent import WHY
from datamodules.files.pairing import refuse_own_masks
from datamodules.files.tables import Form
from datamodules.folders.labelling import Labelling
from datamodules.folders.patients import patient_in
from datamodules.labels.label_files import once
from datamodules.slicing.cases import Case, Pattern, cases_by_cell
from specs.errors import DataError, UsageError
from specs.quoting import names, plain

USUAL = "labels.csv"
"""The name of the table where none is given."""


class NothingFoundError(Exception):
    """What a folder lacks to be the dataset, as the beginning of a sentence."""


@dataclass(frozen=True)
class Listing:
    """Where cases are, and what names them.

    Attributes:
        images: the paths of images, one for each channel in order; what fits the first names the cases.
        masks: the paths of masks, which a segmentation has.
        labelling: the columns of the table, and the kind of the task.
        table: the name of the table; None: the usual one, which a segmentation need not have.
        form: how the table is read where it does not say it itself.
        patient_in_name: the regular expression that finds the patient in an image's path; None: the case stands for the
            patient.
    """

    images: tuple[Pattern, ...]
    masks: Pattern
    labelling: Labelling
    table: str | None
    form: Form
    patient_in_name: str | None

    def read(self, root: Path, leave_out: bool) -> tuple[list[Case], dict[str, str]]:
        """The cases in order, and the names of those that are left out, each with the reason.

        Args:
            root: the dataset's folder.
            leave_out: whether cases without a file are left out instead of being refused.

        Raises:
            NothingFoundError: if there are no cases, no table, or cases without a mask or a channel.
            DataError: if the table is damaged, or names a case that is not there, or a case lies in no class folder.
            UsageError: if a class folder is nowhere, and others are there.
        """
        masked, first = self.labelling.kind == "segmentation", self.images[0]
        masks = self.masks.found(root) if masked else {}
        further = [(pattern, pattern.found(root)) for pattern in self.images[1:]]
        others = {path for paths in (masks, *(paths for _, paths in further)) for path in paths.values()}
        found = {name: source for name, source in first.found(root).items() if source not in others}
        table = root / (self.table or USUAL)
        named = self.table or self.labelling.patient or self.labelling.split
        gone: dict[str, str] = {}
        if self.labelling.mode == "folders":
            cases = list(self._in_folders(found))
        elif masked and not named and not table.is_file():
            cases = [Case(name, source, (), self._patient(name, source)) for name, source in found.items()]
        elif not found:
            cases = []
        elif not table.exists():
            raise NothingFoundError(f"found no {table.name}")
        else:
            cases = list(self._listed(table, found, gone, leave_out))
        if not cases:
            raise NothingFoundError(f"found no {first.text}")
        for pattern, paths in further:
            _check_whole(cases, f"channel {pattern.text}", paths, gone, leave_out)
        if masked:
            _check_whole(cases, f"mask {self.masks.text}", masks, gone, leave_out)
            for case in cases:
                if case.name in masks:
                    refuse_own_masks(root / case.source, root / masks[case.name])
        return [case for case in cases if case.name not in gone], gone

    def _in_folders(self, found: Mapping[str, str]) -> Iterator[Case]:
        """The cases with the class that their first star names.

        Raises:
            DataError: if a star names none of the classes.
            UsageError: if there are cases, and none of a class.
        """
        folders, seen = self.labelling.folders, set[str]()
        for name, source in found.items():
            folder = name.partition("/")[0]
            if folder not in folders:
                raise DataError(
                    f"{plain(source)} lies in {plain(folder)}, which is none of the classes ({names(folders, 20)}). "
                    'Name it among classes or negative=("FOLDER",), or move it away.'
                )
            seen.add(folder)
            yield Case(name, source, self.labelling.of_folder(folder), self._patient(name, source))
        if seen and (lacking := [folder for folder in folders if folder not in seen]):
            raise UsageError(
                f"no case {self.images[0].text} lies in a class folder {plain(lacking[0])}; found "
                f"{names(sorted(seen))}. Name the classes as their folders."
            )

    def _listed(self, table: Path, found: Mapping[str, str], gone: dict[str, str], leave_out: bool) -> Iterator[Case]:
        """The cases that a table lists; those that are not there are added to ``gone``, or refused."""
        by_cell, seen = cases_by_cell(found), set[str]()
        for row in self.labelling.read([table], self.form):
            name = by_cell.get(row.image)
            once(seen, name or row.image, row.table, row.line)
            where = f"{row.table}, line {row.line}"
            if name is not None:
                patient = row.patient or self._patient(name, found[name])
                yield Case(name, found[name], row.target, patient, row.split, where)
            elif leave_out:
                gone[row.image] = WHY
            else:
                raise DataError(
                    f"{where}: {plain(row.image)} is no case of {self.images[0].text}; found {names(found, 4)}. "
                    'Mend the row, or give missing="leave out".'
                )

    def _patient(self, name: str, source: str) -> str:
        return name if self.patient_in_name is None else patient_in(source, self.patient_in_name)


def _check_whole(
    cases: Sequence[Case], what: str, paths: Mapping[str, str], gone: dict[str, str], leave_out: bool
) -> None:
    """Refuse cases without a file that they should have, or add them to those that are gone."""
    lacking = [case.name for case in cases if case.name not in paths]
    if lacking and (not leave_out or len(lacking) == len(cases)):
        raise NothingFoundError(f"{len(lacking)} cases have no {what}, such as {plain(lacking[0])},")
    gone |= dict.fromkeys(lacking, WHY)
