"""What befalls a database's files while nobody looks after them."""

import random

from tests.simulation.disk import Files

PAGE = 4096
GARBAGE = 64


def damaged(files: Files, how: str, before: Files, chance: random.Random) -> Files:
    """page | header | wal_cut | wal_of_before | empty; `before`: an earlier state of the files."""
    main, wal = bytearray(files.main), files.wal
    match how:
        case "page":
            for _ in range(chance.randint(1, 3)):
                start = PAGE * chance.randrange(len(main) // PAGE) + chance.randrange(PAGE // 2)
                main[start : start + GARBAGE] = chance.randbytes(GARBAGE)
        case "header":
            main[: 2 * GARBAGE] = chance.randbytes(2 * GARBAGE)
        case "wal_cut":
            wal = wal[: chance.randrange(len(wal) + 1)]
        case "wal_of_before":
            wal = before.wal
        case "empty":
            main, wal = bytearray(), b""
    return Files(bytes(main), wal)
