"""Volumes as slices: the contract for segmentation and classification, and which slices a dataset has."""

from __future__ import annotations

from tests.datamodules.contract import DatasetContract


class TestMasksOfSeveralClasses(DatasetContract):
    expression = 'volumes(classes=("kidney", "tumour"), values=(2, (1, 7)))'


class TestMasksBesideImagesAcrossPatients(DatasetContract):
    expression = (
        'volumes(classes=("kidney",), images="all/*.mha", masks="all/*_seg.nrrd", axis="coronal", every=3, '
        'spacing=4.0, window=(40, 400), neighbours=1, table="who.csv", patient="who", split="part")'
    )
    drawn = ()


class TestClassesOfSeries(DatasetContract):
    expression = 'volumes(kind="binary", classes=("ill",), images="*/ct", axis="acquired", patient="who")'
