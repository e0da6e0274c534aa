"""The top-level boxes of an mp4 file: their order, and whether the file is whole."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

NEEDED_KINDS = frozenset({"ftyp", "moov", "mdat", "free", "skip", "wide"})
FIRST_KINDS = NEEDED_KINDS | {"pnot", "styp", "uuid"}


@dataclass(frozen=True, slots=True)
class Atom:
    kind: str
    start: int
    size: int  # as the file says, which may be more than there is


@dataclass(frozen=True, slots=True)
class Layout:
    atoms: tuple[Atom, ...]
    file_bytes: int

    @property
    def is_mp4(self) -> bool:
        return bool(self.atoms) and self.atoms[0].kind in FIRST_KINDS

    @property
    def is_cut_off(self) -> bool:
        """A box promises more bytes than the file has."""
        return any(atom.start + atom.size > self.file_bytes for atom in self.atoms)

    @property
    def has_index(self) -> bool:
        return "moov" in self._kinds

    @property
    def is_fragmented(self) -> bool:
        return "moof" in self._kinds

    @property
    def has_extras(self) -> bool:
        """Boxes that playing does not need: a camera's own notes, previews, places."""
        return not set(self._kinds) <= NEEDED_KINDS

    @property
    def is_faststart(self) -> bool:
        """The index comes before the data, so that playing starts with the first bytes."""
        kinds = self._kinds
        return "moov" in kinds and "mdat" in kinds and kinds.index("moov") < kinds.index("mdat")

    @property
    def _kinds(self) -> list[str]:
        return [atom.kind for atom in self.atoms]


def read_layout(path: Path) -> Layout:
    """Reads a few bytes per box, whatever the size of the file."""
    file_bytes = path.stat().st_size
    atoms: list[Atom] = []
    with path.open("rb") as file:
        at = 0
        while at + 8 <= file_bytes:
            atom = _read_atom(file, at, file_bytes)
            if atom is None:
                break
            atoms.append(atom)
            at += atom.size
    return Layout(tuple(atoms), file_bytes)


def _read_atom(file: BinaryIO, at: int, file_bytes: int) -> Atom | None:
    """None where no box starts: some cameras write padding after the last one."""
    file.seek(at)
    header = file.read(16)
    size, kind = int.from_bytes(header[:4]), header[4:8]
    if not (kind.isascii() and kind.decode("latin-1").isprintable()):
        return None
    if size == 0:
        size = file_bytes - at
    elif size == 1:
        size = int.from_bytes(header[8:16])
    return Atom(kind.decode(), at, size) if size >= 8 else None
