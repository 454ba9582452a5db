"""Opens Keyfold's frozen vectors: a second decryptor, written from docs/envelope-v1.md alone.

    python3 envelope-v1-reader.py [VECTORS.json]

Needs Python 3.11 and the package `cryptography`. Exit status 0 if every vector opened, or was refused, as it must.
"""

import hmac
import json
import struct
import sys
import uuid
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VECTORS = Path(__file__).parent.parent / "packages" / "envelope" / "vectors" / "envelope-v1.json"
FORMAT = SUITE = 1
HEADER, NONCE, TAG = 66, 12, 16
OVERHEAD, MAX_VALUE = HEADER + NONCE + TAG, 16 * 1024 * 1024


class Refused(Exception):
    """The argument is the error's code."""


def fields(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def uuid_bytes(text: str) -> bytes:
    value = uuid.UUID(text)
    if str(value) != text:
        raise Refused("malformed")
    return value.bytes


def hkdf(key: bytes, salt: bytes | None, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA512(), length=length, salt=salt, info=info).derive(key)


def check_value(key: bytes) -> bytes:
    return hkdf(key, None, b"keyfold/check/v1", 16)


def decrypt(key: bytes, nonce: bytes, ciphertext_and_tag: bytes, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext_and_tag, aad)
    except InvalidTag:
        raise Refused("not_authentic") from None


def check_format(data: bytes) -> None:
    if data[:1] not in (b"", bytes([FORMAT])) or data[1:2] not in (b"", bytes([SUITE])):
        raise Refused("unsupported")


def open_value(sealed: bytes, dek: bytes, place: dict) -> bytes:
    check_format(sealed)
    if len(sealed) < OVERHEAD:
        raise Refused("malformed")
    if len(sealed) > OVERHEAD + MAX_VALUE:
        raise Refused("too_large")
    header, nonce, rest = sealed[:HEADER], sealed[HEADER : HEADER + NONCE], sealed[HEADER + NONCE :]
    salt, commitment = header[2:34], header[34:66]
    derived = hkdf(dek, salt, b"keyfold/value/v1", 64)
    if not hmac.compare_digest(derived[32:], commitment):
        raise Refused("wrong_key")
    names = ("deployment", "tenant", "project", "environment", "secret")
    ids = [uuid_bytes(place[name]) for name in names]
    aad = fields(b"keyfold/value/v1", header, *ids, struct.pack(">Q", place["version"]))
    return decrypt(derived[:32], nonce, rest, aad)


def unwrap(wrapped: bytes, key: bytes, aad: bytes) -> bytes:
    check_format(wrapped)
    if len(wrapped) != 2 + NONCE + 32 + TAG:
        raise Refused("malformed")
    return decrypt(key, wrapped[2 : 2 + NONCE], wrapped[2 + NONCE :], aad)


def under_key(label: bytes, place: dict) -> list[bytes]:
    """The fields that both kinds of wrap begin with."""
    return [
        label,
        uuid_bytes(place["deployment"]),
        place["purpose"].encode("ascii"),
        uuid_bytes(place["tenant"]),
        struct.pack(">I", place["term"]),
    ]


def unwrap_tenant_key(wrapped: bytes, root_key: bytes, place: dict) -> bytes:
    if place["opener"] != "local:" + check_value(root_key).hex()[:16]:
        raise Refused("unknown_opener")
    start = under_key(b"keyfold/key-wrap/v1", place)
    return unwrap(wrapped, root_key, fields(*start, place["opener"].encode("ascii"), bytes([SUITE])))


def unwrap_dek(wrapped: bytes, tenant_key: bytes, place: dict) -> bytes:
    start = under_key(b"keyfold/dek-wrap/v1", place)
    end = (bytes([SUITE]), uuid_bytes(place["secret"]), struct.pack(">Q", place["version"]))
    return unwrap(wrapped, tenant_key, fields(*start, *end))


def main(path: Path) -> int:
    vectors = json.loads(path.read_text("utf-8"))
    raw = bytes.fromhex
    failures = 0

    def expect(name: str, found: object, wanted: object) -> None:
        nonlocal failures
        if found != wanted:
            failures += 1
            print(f"FAILED  {name}")

    for case in vectors["cases"]:
        tenant_key = unwrap_tenant_key(raw(case["key_wrap"]), raw(case["root_key"]), case["key_place"])
        expect(f"{case['name']}: check value", check_value(tenant_key).hex(), case["tenant_key_check"])
        dek = unwrap_dek(raw(case["dek_wrap"]), tenant_key, case["dek_place"])
        value = open_value(raw(case["sealed"]), dek, case["value_place"])
        expect(f"{case['name']}: value", value.hex(), case["plaintext"])

    for case in vectors["refused"]:
        try:
            open_value(raw(case["sealed"]), raw(case["dek"]), case["value_place"])
            outcome = "opened"
        except Refused as refusal:
            outcome = str(refusal)
        expect(f"{case['name']}: {case['error']}", outcome, case["error"])

    example = vectors["derived"]
    info = fields(b"keyfold/derive/v1", example["info"].encode(), raw(example["context"]))
    expect("derived key", check_value(hkdf(raw(example["key"]), None, info, 32)).hex(), example["derived_check"])

    print(f"{len(vectors['cases'])} opened, {len(vectors['refused'])} refused, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else VECTORS))
