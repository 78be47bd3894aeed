"""Trying readings on their files: what they give, which patients are in two splits, and which files are not there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from datamodules.dataset.absent import absent
from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.counting import Census, census
from datamodules.dataset.sample import Sample
from datamodules.describing.names_of_patients import Named, patients_in
from datamodules.describing.reading import Reading, given
from specs.errors import MedtransferError
from specs.registry import DATASETS

ALONE = "nothing names patients: each image counts as its own, and images of one person may be in two splits"
"""The sentence for a reading that does not know the patients."""


@dataclass(frozen=True)
class Tried:
    """A reading that was tried on the files of its folder.

    Attributes:
        reading: the way to read the folder.
        census: the counts that the reading gives; None where it cannot be read so.
        error: why the folder cannot be read so; empty where it can.
    """

    reading: Reading
    census: Census | None
    error: str = ""


@dataclass(frozen=True)
class _Opened:
    """A reading with the splits that it gives."""

    reading: Reading
    dataset: Dataset
    index: Index

    def also(self, unsure: tuple[str, ...] = (), asks: str = "") -> _Opened:
        """The reading with more to say, which changes none of its images."""
        said = self.reading.also(unsure=unsure)
        return dataclasses.replace(self, reading=dataclasses.replace(said, asks=asks or said.asks))

    @property
    def everything(self) -> tuple[Sample, ...]:
        """The samples of all splits."""
        return tuple(sample for split in SPLITS for sample in self.index.split(split))


def tried(reading: Reading) -> Iterator[Tried]:
    """Try a reading on its files; where patients in names contradict the given splits, it becomes two readings."""
    try:
        for one in _of_people(_of_what_is_there(_opened(reading))):
            yield Tried(one.reading, census(one.dataset, one.index, compare=False))
    except MedtransferError as error:
        yield Tried(reading, None, str(error))


def _opened(reading: Reading) -> _Opened:
    dataset: Dataset = DATASETS.build(reading.expression)
    return _Opened(reading, dataset, dataset.index(reading.root))


def _of_what_is_there(opened: _Opened) -> _Opened:
    """The reading without the images that are not there, if others are."""
    reading, everything = opened.reading, opened.everything
    if "missing" in reading.arguments:
        return _said_to_lack(opened)
    gone = absent(everything, lambda sample: opened.dataset.files(reading.root, sample))
    if not gone:
        return opened
    said = f"{len(gone):,} of {len(everything):,} images have no file, such as {next(iter(gone.values()))}"
    if len(gone) == len(everything):
        return opened.also(asks=f"where are the images? {said}.")
    return _opened(reading.also(given(missing="leave out"), (), (f"{said}; they are left out",)))


def _said_to_lack(opened: _Opened) -> _Opened:
    """A reading that leaves out images without a file, with their number; where all have one, it leaves out none."""
    gone, count = opened.index.excluded, len(opened.everything) + len(opened.index.excluded)
    if gone:
        return opened.also((f"{len(gone):,} of {count:,} images have no file, such as {min(gone)}; they are left out",))
    kept = {key: value for key, value in opened.reading.arguments.items() if key != "missing"}
    return _opened(dataclasses.replace(opened.reading, arguments=kept))


def _of_people(opened: _Opened) -> Iterator[_Opened]:
    """The readings with patients from names where ids repeat; given splits that divide a patient are not used."""
    reading = opened.reading
    by_splits = {"split", "split_by"} & set(reading.arguments)
    if any(sample.patient not in (sample.id, sample.source) for sample in opened.everything):
        alike = _alike(opened)
        unsure = (f"patients {alike[0]} and {alike[1]} may be the same person",) if alike else ()
        if by_splits and (shared := _shared(opened.index)):
            why = f"{shared:,} patients are in two of the given splits, so these are not used"
            yield _opened(_drawn(reading, why, unsure))
        else:
            yield opened.also(unsure)
        return
    channels = reading.arguments.get("channel_suffixes", ())
    end = str(channels[0]) if isinstance(channels, tuple) and channels else ""
    named = patients_in([sample.source for sample in opened.everything], end)
    if named is None:
        yield opened.also((ALONE,))
        return
    grouped = _opened(reading.also(given(patient_in_name=named.pattern), (_said(named),), _doubt(named)))
    if by_splits and (shared := _shared(grouped.index)):
        said = f"by names, {shared:,} patients would be in two of the given splits"
        yield opened.also((f"{said}; here names are no patients",))
        drawn = reading.also(given(patient_in_name=named.pattern), (_said(named),))
        yield _opened(_drawn(drawn, f"{said}; here splits are drawn"))
    else:
        yield grouped


def _drawn(reading: Reading, why: str, unsure: tuple[str, ...] = ()) -> Reading:
    """The reading with splits that are drawn by patient."""
    kept = {key: value for key, value in reading.arguments.items() if key not in ("split", "split_by", "empty_split")}
    if reading.arguments.get("labels") == "folders" and "split_by" in reading.arguments:
        kept |= given(split_by="not used")
    return dataclasses.replace(reading, arguments=kept, unsure=(*reading.unsure, why, *unsure))


def _shared(index: Index) -> int:
    """How many patients are in two splits."""
    patients = [{sample.patient for sample in index.split(split)} for split in SPLITS]
    return len({one for number, own in enumerate(patients) for other in patients[number + 1 :] for one in own & other})


def _alike(opened: _Opened) -> tuple[str, str] | None:
    """Two patients whose ids differ only in case or leading zeros; None where there are none."""
    seen: dict[str, str] = {}
    for sample in opened.everything:
        other = seen.setdefault(sample.patient.casefold().lstrip("0"), sample.patient)
        if other != sample.patient:
            return other, sample.patient
    return None


def _said(named: Named) -> str:
    return f"{named.why}: {named.images:,} images of {named.patients:,} patients, such as {named.example}"


def _doubt(named: Named) -> tuple[str, ...]:
    return () if named.sure else ("patients are taken from names; if that is wrong, leave out patient_in_name",)
