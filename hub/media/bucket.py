"""The city's object store (S3): videos lie there under their hash, and nodes get them from it."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256 as new_sha256
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from hub.media.shelf import path_of
from hub.settings import BucketPlace
from shared.kit.refusal import Refusal

ADDRESS_LASTS = timedelta(minutes=10)
"""From the hub's answer until the node has begun to fetch."""
KEPT_ON_SHELF = timedelta(hours=1)
CONNECT = timedelta(seconds=5)
TIMEOUT = timedelta(seconds=60)
UPLOADS = 4
"""At a time, while an import checks the next videos."""
RETRIES = 2
"""Whoever waits at the terminal is to hear soon that the store is away; the job comes again."""


class Bucket:
    """The shelf is only the way there: what is in the bucket leaves it after a while."""

    def __init__(self, place: BucketPlace) -> None:
        self._place = place
        self._store = S3Store(
            place.bucket,
            endpoint=place.endpoint,
            region=place.region,
            access_key_id=place.key,
            secret_access_key=place.secret,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True, "timeout": TIMEOUT, "connect_timeout": CONNECT},
            retry_config={"max_retries": RETRIES, "retry_timeout": TIMEOUT},
        )

    def address(self, sha256: str) -> str:
        """Good for whoever has it, for this video, for ADDRESS_LASTS."""
        return obstore.sign(self._store, "GET", _key(sha256), ADDRESS_LASTS)

    def names(self) -> set[str]:
        """All that it holds; Refusal where it cannot be reached."""
        try:
            return {
                Path(found["path"]).stem
                for page in obstore.list(self._store, chunk_size=1000)
                for found in page
            }
        except BaseError as error:
            raise self._away(error) from error

    def send_up(self, shelf: Path, moment: datetime) -> Iterator[str]:
        """Uploads what is on the shelf and not yet here; each name when it is safely here."""
        for path in sorted(shelf.glob("??/*.mp4")):
            if self._send(path):
                yield path.stem
            elif path.stat().st_mtime < (moment - KEPT_ON_SHELF).timestamp():
                path.unlink(missing_ok=True)

    def hand_over(self, shelf: Path, names: Iterable[str]) -> None:
        """Uploads these, and takes them off the shelf: it need not hold a whole city's videos."""
        paths = [path for name in names if (path := path_of(shelf, name)).is_file()]
        with ThreadPoolExecutor(UPLOADS) as pool:
            list(pool.map(self._send, paths))
        for path in paths:
            path.unlink(missing_ok=True)

    def _send(self, path: Path) -> bool:
        """False where it is here already; Refusal where it is not here afterwards."""
        try:
            if self._has(path):
                return False
            obstore.put(self._store, _key(path.stem), path)
            if not self._has(path):
                raise Refusal("bucket", f"对象存储没有完整保存视频 {path.stem[:12]}…。")
        except BaseError as error:
            raise self._away(error) from error
        return True

    def bring(self, sha256: str, shelf: Path) -> None:
        """Back onto the shelf, for the city's own pages; FileNotFoundError where it is not."""
        target = path_of(shelf, sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = shelf / f"part-{sha256}-{os.getpid()}.mp4"
        digest = new_sha256()
        try:
            with part.open("wb") as file:
                for chunk in obstore.get(self._store, _key(sha256)).stream():
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise FileNotFoundError(f"the object store's {sha256} is not that video")
            part.replace(target)
        except BaseError as error:
            raise self._away(error) from error
        finally:
            part.unlink(missing_ok=True)

    def _has(self, path: Path) -> bool:
        try:
            return int(obstore.head(self._store, _key(path.stem))["size"]) == path.stat().st_size
        except FileNotFoundError:
            return False

    def _away(self, error: BaseError) -> Refusal:
        where = f"{self._place.endpoint} 的 {self._place.bucket}"
        # All beyond the first line is for the makers of the library.
        said = str(error).partition("\n")[0].partition(" <?xml")[0]
        return Refusal("bucket", f"对象存储 {where} 不能使用，请检查地址、桶名和密钥：{said}", 502)


def open_bucket(place: BucketPlace | None) -> Bucket | None:
    return None if place is None else Bucket(place)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}.mp4"
