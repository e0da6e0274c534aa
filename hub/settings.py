"""What the city may set on its hub: hub.toml in the data folder, environment, flags."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.kit.refusal import Refusal
from shared.kit.settings import load

ENV_PREFIX = "SHENGPING_HUB_"
FILE_NAME = "hub.toml"


@dataclass(frozen=True, slots=True)
class BucketPlace:
    endpoint: str
    bucket: str
    region: str
    key: str
    secret: str


@dataclass(frozen=True, slots=True)
class HubSettings:
    data: Path = Path("data/hub")
    host: str = "0.0.0.0"
    port: int = 8600
    certificate: Path | None = None
    """PEM, for https without a proxy in front; needs certificate_key."""
    certificate_key: Path | None = None
    trusted_proxy: str = "127.0.0.1"
    """Whose word is taken for the address of a visitor: a proxy that does the https."""
    backup_minutes: int = 10
    backups_kept: int = 12
    second_backups: Path | None = None
    """A folder on another disk: every backup is copied there as well."""
    reach_folder: Path | None = None
    """Best on another disk: says how far the database had come, should somebody put it back."""

    second_person: bool = True
    """Wiping, reopening and taking results away need another city admin, where there is one."""

    confirm_nodes: bool = False
    """A node that enrolled gets nothing before somebody in the city compared its check digits."""

    bucket_endpoint: str = ""
    """An S3-compatible object store, from which nodes then fetch the videos: its address."""
    bucket: str = ""
    bucket_region: str = "us-east-1"
    bucket_key: str = ""
    bucket_secret: str = ""
    """Best in the environment, as SHENGPING_HUB_BUCKET_SECRET."""

    @property
    def bucket_place(self) -> BucketPlace | None:
        """None: videos stay in the shelf's folder."""
        if not self.bucket_endpoint:
            return None
        return BucketPlace(
            self.bucket_endpoint,
            self.bucket,
            self.bucket_region,
            self.bucket_key,
            self.bucket_secret,
        )

    @property
    def database(self) -> Path:
        return self.data / "hub.db"

    @property
    def reach_file(self) -> Path:
        return (self.reach_folder or self.data) / "hub-reach.json"

    @property
    def lock(self) -> Path:
        return self.data / "hub.lock"

    @property
    def shelf(self) -> Path:
        return self.data / "shelf"

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    @property
    def exports(self) -> Path:
        return self.data / "exports"


def settings_from(data: Path, flags: Mapping[str, object]) -> HubSettings:
    found = load(HubSettings, data / FILE_NAME, ENV_PREFIX, {**flags, "data": data})
    if not 0 <= found.port <= 65535:
        raise Refusal("setting_wrong", f"端口应在 0 到 65535 之间，现在是 {found.port}。")
    if found.backup_minutes < 1 or found.backups_kept < 1:
        raise Refusal("setting_wrong", "备份间隔 backup_minutes 和份数 backups_kept 至少为 1。")
    told = [found.bucket_endpoint, found.bucket, found.bucket_key, found.bucket_secret]
    if any(told) and not all(told):
        raise Refusal(
            "setting_wrong",
            "对象存储的 bucket_endpoint、bucket、bucket_key、bucket_secret "
            "须同时设置，或都不设置。",
        )
    if (found.certificate is None) != (found.certificate_key is None):
        raise Refusal(
            "setting_wrong", "证书 certificate 和私钥 certificate_key 必须同时设置，或都不设置。"
        )
    return found
