"""The sides of the voxels that slices of a volume have."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from datamodules.volumes import Volumes
from tests.datamodules.slicing.geometry import rotation


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"axis": "axial"}, (3.0, 1.2, 0.8)),
        ({"axis": "coronal"}, (1.2, 3.0, 0.8)),
        ({"axis": "sagittal"}, (0.8, 3.0, 1.2)),
        ({"axis": "acquired"}, (3.0, 1.2, 0.8)),
        ({"axis": "axial", "spacing": 2.0}, (3.0, 12 / 6, 9.6 / 5)),
    ],
)
def test_slices_and_pixels_are_as_far_apart_as_the_header_says(
    arguments: dict[str, object], expected: tuple[float, ...], tmp_path: Path
) -> None:
    """12 x 10 x 4 voxels of 0.8 x 1.2 x 3 mm, turned; as many square pixels as fit have sides near 2 mm."""
    affine = np.eye(4)
    affine[:3, :3] = rotation((5, -8, 12)) @ np.diag([0.8, 1.2, 3.0])
    for name in ("imaging", "segmentation"):
        (tmp_path / "case").mkdir(exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(np.ones((12, 10, 4), np.uint8), affine), tmp_path / "case" / f"{name}.nii.gz")
    dataset = Volumes(**arguments)  # type: ignore[arg-type]
    samples = dataset.read_labels(tmp_path).samples
    assert dataset.sides_of(tmp_path, samples[0]) == pytest.approx(expected)
    assert [dataset.number_of(sample) for sample in samples] == list(range(len(samples)))
