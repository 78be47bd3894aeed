"""Patients that are named in the file names of images."""

from __future__ import annotations

import re

from specs.errors import DataError
from specs.quoting import plain


def patient_in(source: str, pattern: str | None) -> str:
    """The patient that an image's path names; the path itself where none is looked for.

    Args:
        source: the path of the image under the dataset's folder.
        pattern: a regular expression that finds the patient: its first group, or the whole match where it has none;
            None: the path itself is taken.

    Raises:
        DataError: if it finds none.
    """
    if pattern is None:
        return source
    found = re.search(pattern, source)
    if not found or not (patient := found.group(1) if found.re.groups else found.group()):
        raise DataError(f'{plain(source)} names no patient by patient_in_name="{pattern}". Mend one of them.')
    return patient
