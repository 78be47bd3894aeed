"""Which images a folder's tables, class folders or pairs of image and mask name, as samples with their splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.names import Names
from datamodules.files.pairing import Affix, images_in
from datamodules.files.tables import Form
from datamodules.folders.by_folder import images_in_folders
from datamodules.folders.channels import Channels
from datamodules.folders.images import image_of
from datamodules.folders.labelling import Labelling
from datamodules.folders.masking import Masking
from datamodules.folders.patients import patient_in
from datamodules.folders.splitting import split_of
from datamodules.labels.label_files import once
from specs.errors import DataError
from specs.quoting import plain

Splitting = Literal["column", "tables", "folders", "not used"]
"""What says the splits of images, as the argument ``split_by`` of a folder."""


@dataclass(frozen=True)
class Listing:
    """The arguments of a folder that say which images it has.

    Attributes:
        labelling: the columns of tables, and the words in their cells.
        masking: where images and masks are, where the folder is segmented.
        channels: the rule by which several files are the channels of one image.
        tables: the file names of the tables, under the dataset's folder.
        named: whether the tables were named, so that they have to be there.
        form: the encoding and the sheet of the tables.
        split_by: what says the splits of images.
        given: whether the folder says itself which split an image is in.
        patient_in_name: a regular expression that finds the patient in an image's path; None: none is there.
        beside: class folders: the names of other folders, and how the names of files that are no images end.
    """

    labelling: Labelling
    masking: Masking
    channels: Channels
    tables: tuple[str, ...]
    named: bool
    form: Form
    split_by: Splitting
    given: bool
    patient_in_name: str | None
    beside: tuple[str, ...]

    def needed(self, root: Path) -> list[Path]:
        """The paths of the tables that are read; none where class folders or pairs of image and mask say it all."""
        tables = [root / name for name in self.tables]
        alone = self.labelling.kind == "segmentation" and not self.named and not tables[0].is_file()
        return [] if self.labelling.mode == "folders" or alone else tables

    def samples(self, root: Path) -> list[tuple[Sample, Split]]:
        """The samples with their splits; the split is train where nothing says another one.

        Raises:
            DataError: if a table is damaged or two of its rows name one file, or a file fits no argument.
        """
        if self.labelling.mode == "folders":
            return self._in_folders(root)
        if tables := self.needed(root):
            return self._in_tables(root, tables)
        return [self._sample(source, (), source) for source in self._paired(root)]

    def _paired(self, root: Path) -> list[str]:
        """The paths of the images that have masks, as far as their names say."""
        masking = self.masking
        named = any(any(affix) for _, affix in masking.places)
        masks = masking.all_masks(root) if named else set()
        prefix, own = masking.image_affix.prefix, masking.image_affix.suffix.removesuffix(self.channels.first)
        found = [
            path.relative_to(root).as_posix()
            for suffix in self.channels.suffixes or ("",)
            for path in images_in(root, masking.images, Affix(prefix, own + suffix), masks, masking.beside)
        ]
        return self.channels.images(found, strict=False)

    def _in_tables(self, root: Path, tables: list[Path]) -> list[tuple[Sample, Split]]:
        """The images of tables as samples, with their splits."""
        files = Names(root, self.masking.images)
        seen, sources = set[str](), dict[str, str]()
        samples = []
        for row in self.labelling.read(tables, self.form):
            where = f"{row.table}, line {row.line}"
            name, source = image_of(row.image, self.channels, files, row.table, row.line)
            once(seen, name, row.table, row.line)
            if (other := sources.setdefault(source, name)) != name:
                raise DataError(f"{where}: {plain(name)} and {plain(other)} are the same file. Keep one row.")
            split = {"tables": row.table.stem, "folders": source}.get(self.split_by, row.split)
            samples.append(self._sample(source, row.target, split, name=name, patient=row.patient, where=where))
        return samples

    def _in_folders(self, root: Path) -> list[tuple[Sample, Split]]:
        """The images of class folders as samples, with their splits."""
        labelling, by_split = self.labelling, self.split_by in ("folders", "not used")
        listed = images_in_folders(root, labelling.folders, by_split, self.beside)
        by_folder = {one.source.rpartition("/")[0]: one for one in listed}
        samples = []
        for source in self.channels.images([one.source for one in listed], strict=True):
            one = by_folder[source.rpartition("/")[0]]
            samples.append(self._sample(source, labelling.of_folder(one.folder), one.split))
        return samples

    def _sample(
        self, source: str, target: tuple[float, ...], said: str, name: str = "", patient: str = "", where: str = ""
    ) -> tuple[Sample, Split]:
        """A sample and its split; its path stands in for its name, patient and split where these are not given."""
        name = name or source
        split: Split = split_of(said, self.split_by, where or source) if self.given else "train"
        return Sample(name, patient or patient_in(source, self.patient_in_name), target, source), split
