"""Secrets as they lie on the disk: on Windows only this very PC can read them (DPAPI).

The machine's scope, since the service, its commands and an administrator are different users;
who may read the file at all is a matter of the folder's rights. Elsewhere those alone guard it.
"""

import base64
import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

MARK = "dpapi:"


def seal(text: str) -> str:
    if sys.platform == "win32":
        return MARK + base64.b64encode(_crypt("CryptProtectData", text.encode())).decode()
    return text


def unseal(sealed: str) -> str | None:
    """None: another PC sealed it; this disk was moved or copied here. Plain text stays as it is."""
    if not sealed.startswith(MARK):
        return sealed
    if sys.platform == "win32":
        try:
            return _crypt("CryptUnprotectData", base64.b64decode(sealed[len(MARK) :])).decode()
        except (OSError, ValueError):
            return None
    return None


if sys.platform == "win32":
    _NO_WINDOW, _LOCAL_MACHINE = 0x1, 0x4

    class _Blob(ctypes.Structure):
        _fields_ = (("size", wintypes.DWORD), ("data", ctypes.POINTER(ctypes.c_char)))

    def _crypt(function: str, content: bytes) -> bytes:
        given = _Blob(len(content), ctypes.create_string_buffer(content, len(content)))
        made = _Blob()
        flags = _NO_WINDOW | _LOCAL_MACHINE
        call = getattr(ctypes.windll.crypt32, function)
        if not call(ctypes.byref(given), None, None, None, None, flags, ctypes.byref(made)):
            raise ctypes.WinError()
        try:
            return ctypes.string_at(made.data, made.size)
        finally:
            free = ctypes.windll.kernel32.LocalFree
            free.argtypes = (ctypes.c_void_p,)
            free(ctypes.cast(made.data, ctypes.c_void_p))
