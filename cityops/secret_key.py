"""The one secret of a deployment and the secrets for single purposes that come from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time

from cityops.settings import Settings
from gis.errors import InvalidError, UnavailableError

MIN_LENGTH = 32
#: Words that stand in examples; a key that holds one of them is no secret.
_EXAMPLES = ("secret", "changeme", "change-me", "password", "example", "default", "cityops", "dev")


def secret_key(settings: Settings) -> str:
    """The setting ``secret_key``, else the key in the data folder, which is made once.

    Raises
    ------
    InvalidError
        When the setting is too short or taken from an example; not checked in a demo.
    UnavailableError
        When the key file cannot be made or read.
    """
    if settings.secret_key:
        if not settings.demo:
            refuse_weak(settings.secret_key)
        return settings.secret_key
    try:
        return _kept_key(settings)
    except OSError as error:
        raise UnavailableError(
            "secret.file",
            "密钥文件 {got} 不能读写：{why}",
            got=str(settings.data_dir / "secret.key"),
            params={"why": error.strerror},
        ) from error


def refuse_weak(key: str) -> None:
    """Refuse a signing key that could be guessed.

    Raises
    ------
    InvalidError
        When it has fewer than 32 characters, fewer than 10 different ones, or an example's word.
    """
    if (
        len(key) >= MIN_LENGTH
        and len(set(key)) >= 10
        and not any(word in key.casefold() for word in _EXAMPLES)
    ):
        return
    raise InvalidError(
        "secret.weak",
        "CITYOPS_SECRET_KEY 太弱，不能用于正式运行",
        field="secret_key",
        expected="至少 32 个随机字符",
        hint="去掉这个设置，程序会自己生成并保存；或用 python -c 'import secrets;"
        " print(secrets.token_hex(32))' 生成",
    )


def derived(secret: str, purpose: str) -> str:
    """A secret for one purpose, in hexadecimal."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _kept_key(settings: Settings) -> str:
    """Key of the data folder; several processes may ask at once, one of them makes it."""
    file = settings.data_dir / "secret.key"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
    for _ in range(50):
        key = file.read_text().strip()
        if len(key) >= MIN_LENGTH:
            return key
        time.sleep(0.02)
    raise UnavailableError(
        "secret.empty",
        "密钥文件 {got} 是空的",
        got=str(file),
        hint="删去它再启动；所有人需重新登录",
    )
