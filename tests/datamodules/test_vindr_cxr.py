"""VinDr-CXR: its contract, the rule that makes labels of three readers, and the real label file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.vindr_cxr import CLASSES, VindrCxr
from specs.errors import DataError, UsageError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestVindrCxr(DatasetContract):
    expression = "vindr_cxr"


class TestVindrCxrByMajority(DatasetContract):
    expression = 'vindr_cxr(readers="majority")'


@pytest.mark.parametrize("readers", ["any", "majority"])
def test_the_real_label_file_gives_the_published_counts(readers: str, real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(
        gzip.decompress((real_data / "vindr" / "vinbigdata-train.csv.gz").read_bytes())
    )
    dataset = VindrCxr(readers=readers)  # type: ignore[arg-type]
    samples = dataset.read_labels(tmp_path).samples
    targets = np.array([sample.target for sample in samples])
    assert len(samples) == dataset.published["images"] == 15_000
    assert dict(zip(CLASSES, targets.sum(axis=0), strict=True)) == {name: dataset.published[name] for name in CLASSES}
    assert (~targets.any(axis=1)).sum() >= 10_606  # all readers saw nothing
    dataset.index(tmp_path).check("vindr_cxr")


def labelled(tmp_path: Path, *lines: str) -> Path:
    (tmp_path / "train.csv").write_text("image_id,class_name,class_id,rad_id,x_min\n" + "\n".join(lines) + "\n")
    return tmp_path


def test_one_reader_is_enough_or_two_are_needed(tmp_path: Path) -> None:
    root = labelled(
        tmp_path,
        "a,Atelectasis,1,R1,3", "a,Atelectasis,1,R1,9", "a,ILD,5,R1,2", "a,ILD,5,R2,2", "a,No finding,14,R3,",
        "b,No finding,14,R1,", "b,No finding,14,R2,", "b,No finding,14,R3,",
    )  # fmt: skip
    shown = {
        rule: {
            sample.id: [name for name, value in zip(CLASSES, sample.target, strict=True) if value]
            for sample in VindrCxr(readers=rule).read_labels(root).samples  # type: ignore[arg-type]
        }
        for rule in ("any", "majority")
    }
    assert shown == {"any": {"a": ["Atelectasis", "ILD"], "b": []}, "majority": {"a": ["ILD"], "b": []}}


def test_a_finding_that_is_none_and_a_rule_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'train\.csv, line 2: class_name is "Tumour", expected one of Aortic'):
        VindrCxr().read_labels(labelled(tmp_path, "a,Tumour,15,R1,3"))
    with pytest.raises(UsageError, match='readers is "any" or "majority", found "all"'):
        VindrCxr(readers="all")  # type: ignore[arg-type]


def test_names_may_end_in_dcm(tmp_path: Path) -> None:
    root, dataset = ensure_phantom(parse("vindr_cxr"), tmp_path), VindrCxr()
    sample = dataset.read_labels(root).samples[0]
    (path,) = dataset.files(root, sample)
    before = dataset.read_image(root, sample)
    path.rename(path.with_suffix(".dcm"))
    assert np.array_equal(dataset.read_image(root, sample), before)
