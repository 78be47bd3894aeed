"""`check` and `prepare` of a folder of volumes, as a user types them."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from datamodules.volumes import Volumes
from experiments.cli.command_line import main
from tests.datamodules.slicing.geometry import rotation

EXPRESSION = 'volumes("scans", classes=("kidney", "tumour"), window=(40, 400), spacing=4)'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the data root and the run store of a user, and drawn volumes, one of which is oblique."""
    (tmp_path / "data" / "scans").mkdir(parents=True)
    Volumes(classes=("kidney", "tumour")).write_phantom(tmp_path / "data" / "scans")
    affine = np.eye(4)
    affine[:3, :3] = rotation((15, 0, 0)) * 4
    for name in ("imaging", "segmentation"):
        path = tmp_path / "data" / "scans" / "case_00003" / f"{name}.nii.gz"
        values = np.asanyarray(nibabel.load(path).dataobj)
        path.unlink()
        nibabel.save(nibabel.Nifti1Image(values, affine), path)
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "RUNS", "CACHE"):
        monkeypatch.delenv(f"MEDTRANSFER_{name}", raising=False)
    return tmp_path


def test_oblique_volumes_and_bad_masks_are_told_and_the_rest_is_prepared(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", EXPRESSION])
    said = " ".join(capsys.readouterr().out.split())
    assert "warning: 1 of 40 volumes are oblique, case_00003 by 15 degrees" in said
    path = home / "data" / "scans" / "case_00004" / "segmentation.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((24, 20, 5), np.uint8), nibabel.load(path).affine), path)
    assert main(["prepare", EXPRESSION, "--size", "16", "--jobs", "1"]) == 3
    assert "is on another grid than its image" in " ".join(capsys.readouterr().out.split())
    assert main(["prepare", EXPRESSION, "--size", "16", "--jobs", "1", "--accept"]) == 0
    assert main(["check", EXPRESSION]) == 0
    assert "6 images are left out: 6 unreadable" in capsys.readouterr().out
