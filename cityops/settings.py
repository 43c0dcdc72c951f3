"""Settings: one typed object, each with its name, default and help."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from gis.errors import InvalidError

#: Hash functions that the audit chain may use.
AUDIT_HASHES = ("sha256", "sm3")
#: Forms of a log.
LOG_FORMATS = ("text", "json")


def _setting(default: object, help_text: str) -> object:
    return field(default=default, metadata={"help": help_text})  # type: ignore[call-overload]


@dataclass(frozen=True)
class Settings:
    """What a deployment chooses; each name is read from the environment as ``CITYOPS_<NAME>``."""

    data_dir: Path = _setting(Path("var"), "文件夹：数据库、照片、交付文件、快照都在其中")  # type: ignore[assignment]
    database_url: str = _setting("", "数据库地址；空则用 data_dir 内的 SQLite 文件")  # type: ignore[assignment]
    scene: str = _setting("tianjin", "cityops demo 与 init 用的场景")  # type: ignore[assignment]
    host: str = _setting("127.0.0.1", "监听地址")  # type: ignore[assignment]
    port: int = _setting(8000, "监听端口")  # type: ignore[assignment]
    trusted_hosts: str = _setting("127.0.0.1,localhost", "接受的 Host，逗号分隔")  # type: ignore[assignment]
    secret_key: str = _setting("", "会话签名密钥；空则用 data_dir/secret.key，没有就生成")  # type: ignore[assignment]
    language: str = _setting("zh", "命令行的语言：zh 或 en")  # type: ignore[assignment]
    map_review_no: str = _setting("", "审图号；空则地图只对登录者开放并注明非公开")  # type: ignore[assignment]
    web_workers: int = _setting(2, "网页进程数")  # type: ignore[assignment]
    web_threads: int = _setting(4, "每个网页进程的线程数")  # type: ignore[assignment]
    job_workers: int = _setting(2, "同时进行的后台任务数")  # type: ignore[assignment]
    job_stale_s: int = _setting(30, "后台任务多久没有动静就交给别的进程重做，秒")  # type: ignore[assignment]
    job_keep_days: int = _setting(30, "后台任务结束后其记录保留多久，天")  # type: ignore[assignment]
    max_upload_mb: int = _setting(200, "单个上传文件的上限，兆字节")  # type: ignore[assignment]
    max_photo_mb: int = _setting(20, "单张照片的上限，兆字节")  # type: ignore[assignment]
    max_vertices: int = _setting(200_000, "一次请求中图形的顶点上限")  # type: ignore[assignment]
    tile_service_url: str = _setting(
        "", "内网底图（WMTS 或天地图节点）的瓦片地址模板；空则只用自带底图"
    )  # type: ignore[assignment]
    tile_service_notice: str = _setting("", "内网底图的署名")  # type: ignore[assignment]
    audit_hash: str = _setting("sha256", "审计链的杂凑算法：sha256 或 sm3")  # type: ignore[assignment]
    proxies: int = _setting(
        0, "前面有几层自己的代理；它们在 X-Forwarded-For 与 X-Forwarded-Proto 中说的才算数"
    )  # type: ignore[assignment]
    log_format: str = _setting("text", "日志的格式：text 或 json（每行一个 JSON）")  # type: ignore[assignment]
    metrics_token: str = _setting("", "监控程序取 /metrics 用的令牌；空则只有系统管理员能看")  # type: ignore[assignment]
    secure_cookies: bool = _setting(False, "只在 HTTPS 上发送会话 Cookie")  # type: ignore[assignment]
    demo: bool = _setting(False, "演示方式：登录页给出演示账号")  # type: ignore[assignment]
    demo_password: str = _setting("", "演示账号的密码；空则每个文件夹生成一个")  # type: ignore[assignment]

    @property
    def database(self) -> str:
        """Address of the database."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'cityops.db').resolve()}"

    @property
    def files_dir(self) -> Path:
        """Content-addressed photos, deliveries and reports."""
        return self.data_dir / "files"

    @property
    def snapshots_dir(self) -> Path:
        """Packed layer snapshots."""
        return self.data_dir / "snapshots"


def settings_from(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from ``CITYOPS_*`` variables, overridden by what is `given` and not None.

    Raises
    ------
    InvalidError
        When a variable does not hold a value of its type.
    """
    env = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for item in fields(Settings):
        text = env.get(f"CITYOPS_{item.name.upper()}")
        if text is not None:
            values[item.name] = _parsed(item.name, text, item.default)
    values |= {name: value for name, value in given.items() if value is not None}
    made = Settings(**values)  # type: ignore[arg-type]
    for name, closed in (("audit_hash", AUDIT_HASHES), ("log_format", LOG_FORMATS)):
        if getattr(made, name) not in closed:
            raise _bad_value(name, getattr(made, name), " 或 ".join(closed))
    return made


def environment_of(settings: Settings) -> dict[str, str]:
    """`settings` as variables that `settings_from` reads back, for child processes.

    Examples
    --------
    >>> settings_from(environment_of(Settings(port=8123))) == Settings(port=8123)
    True
    """
    out = {}
    for item in fields(Settings):
        value = getattr(settings, item.name)
        text = str(int(value)) if isinstance(value, bool) else str(value)
        out[f"CITYOPS_{item.name.upper()}"] = text
    return out


def _parsed(name: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
    elif isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            pass
    elif isinstance(default, Path):
        return Path(text)
    else:
        return text
    raise _bad_value(name, text, "整数" if type(default) is int else "true 或 false")


def _bad_value(name: str, text: str, expected: str) -> InvalidError:
    return InvalidError(
        "settings.bad_value",
        "环境变量 {field} 的值不对：{got}，应为 {expected}",
        field=f"CITYOPS_{name.upper()}",
        got=text,
        expected=expected,
    )
