"""Opens what Keyfold has sealed: a second decryptor, written from docs/envelope-v1.md alone.

    python3 envelope-v1-reader.py [VECTORS.json [HYBRID-VECTORS.json]]
    python3 envelope-v1-reader.py rows FOLDER ROOT-KEY-FILE [HYBRID-SEED-FILE]

The first opens the frozen vectors; exit status 0 if every vector opened, or was refused, as it must. The second opens
every value in a dump of the database's rows (docs/envelope-v1.md, "From rows to values"), and prints a line of JSON for
each; exit status 0 if all opened. It prints values: mind the terminal. A key's file holds 32 bytes, raw, in hex or base64.

Needs Python 3.11 and the package `cryptography`; for wrap suite 2 (ML-KEM) its release 48 or later.
"""

import base64
import binascii
import csv
import hashlib
import hmac
import json
import struct
import sys
import uuid
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

try:
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey

    MLKEM768PrivateKey.from_seed_bytes(bytes(64))
except (ImportError, UnsupportedAlgorithm):
    MLKEM768PrivateKey = None

VECTORS = Path(__file__).parent.parent / "packages" / "envelope" / "vectors" / "envelope-v1.json"
HYBRID_VECTORS = VECTORS.with_name("hybrid-v1.json")
FORMAT = SUITE = 1
HYBRID_SUITE, HYBRID_AT, PART_AT, MAX_PART = 2, 2 + 1120, 2 + 1180, 8192
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


def check_format(data: bytes, suite: int = SUITE) -> None:
    if data[:1] not in (b"", bytes([FORMAT])) or data[1:2] not in (b"", bytes([suite])):
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


def x_wing(seed: bytes):
    """The public key, and what decapsulates to it."""
    expanded = hashlib.shake_256(seed).digest(96)
    ml_kem, x25519 = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    point = x25519.public_key().public_bytes_raw()

    def decapsulate(ciphertext: bytes) -> bytes:
        ephemeral = ciphertext[1088:]
        try:
            shared = x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        except ValueError:  # all zeros
            raise Refused("not_authentic") from None
        inner = ml_kem.decapsulate(ciphertext[:1088])
        return hashlib.sha3_256(inner + shared + ephemeral + point + bytes.fromhex("5c2e2f2f5e5c")).digest()

    return ml_kem.public_key().public_bytes_raw() + point, decapsulate


def unwrap_hybrid(wrapped: bytes, root_key: bytes, seed: bytes, place: dict) -> bytes:
    check_format(wrapped, HYBRID_SUITE)
    if not PART_AT < len(wrapped) <= PART_AT + MAX_PART:
        raise Refused("malformed")
    public_key, decapsulate = x_wing(seed)
    root, _, hybrid = place["opener"].rpartition("+")
    if hybrid != "xwing:" + hashlib.sha256(public_key).hexdigest()[:16]:
        raise Refused("unknown_opener")
    if root != "local:" + check_value(root_key).hex()[:16]:
        raise Refused("unknown_opener")
    start = under_key(b"keyfold/key-wrap/v1", place)
    aad = fields(*start, place["opener"].encode("ascii"), bytes([HYBRID_SUITE]))
    ciphertext, key, wrapped_part = wrapped[2:HYBRID_AT], wrapped[HYBRID_AT:PART_AT], wrapped[PART_AT:]
    part = decrypt(root_key, wrapped_part[:NONCE], wrapped_part[NONCE:], aad)
    digests = (hashlib.sha256(ciphertext).digest(), hashlib.sha256(wrapped_part).digest())
    wrap_key = hkdf(decapsulate(ciphertext) + part, None, fields(b"keyfold/hybrid-wrap/v1", *digests), 32)
    return decrypt(wrap_key, key[:NONCE], key[NONCE:], aad)


def key_of(path: Path) -> bytes:
    data = path.read_bytes()
    if len(data) == 32:
        return data
    try:
        text = data.decode("ascii").strip()
        key = bytes.fromhex(text) if len(text) == 64 else base64.urlsafe_b64decode(text.rstrip("=") + "==")
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        sys.exit(f"{path} does not hold 32 bytes, raw, in hex or base64")
    return key


def rows_of(folder: Path, table: str) -> list[dict]:
    """What `COPY table TO … CSV HEADER` or `psql --csv` wrote; bytea as PostgreSQL prints it, \\x and hex."""
    csv.field_size_limit(64 * 1024 * 1024)
    with open(folder / f"{table}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bytea(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise Refused("malformed")
    return bytes.fromhex(text[2:])


def open_rows(folder: Path, root_key: bytes, seed: bytes | None) -> int:
    """A value's row names its secret, whose row names its place; its term names the tenant key, whose wraps open it."""
    [deployment] = [row["id"] for row in rows_of(folder, "deployments")]
    secrets = {(row["tenant_id"], row["id"]): row for row in rows_of(folder, "secrets")}
    checks = {(row["tenant_id"], row["term"]): row for row in rows_of(folder, "tenant_keys") if row["purpose"] == "value"}
    tenant_keys: dict = {}
    for row in rows_of(folder, "key_wraps"):
        at = (row["tenant_id"], row["term"])
        if row["purpose"] != "value" or at in tenant_keys:
            continue
        place = {"deployment": deployment, "tenant": at[0], "purpose": "value", "term": int(at[1]), "opener": row["opener"]}
        try:
            if row["suite"] == str(SUITE):
                key = unwrap_tenant_key(bytea(row["wrapped"]), root_key, place)
            elif seed is not None:
                key = unwrap_hybrid(bytea(row["wrapped"]), root_key, seed, place)
            else:
                continue
        except Refused as refusal:
            if str(refusal) == "unknown_opener":
                continue  # another root key's
            raise
        if check_value(key) != bytea(checks[at]["check_value"]):
            raise Refused("not_authentic")
        tenant_keys[at] = key
    failed = 0
    for row in rows_of(folder, "sealed_values"):
        said = {"tenant": row["tenant_id"], "secret": row["secret_id"], "version": int(row["number"])}
        if row["sealed"] == "":
            print(json.dumps(said | {"erased": True}))
            continue
        secret = secrets[row["tenant_id"], row["secret_id"]]
        place = {"deployment": deployment, "project": secret["project_id"], "environment": secret["environment_id"]} | said
        try:
            tenant_key = tenant_keys.get((row["tenant_id"], row["term"]))
            if tenant_key is None:
                raise Refused("unknown_opener")
            dek = unwrap_dek(bytea(row["dek_wrap"]), tenant_key, place | {"purpose": "value", "term": int(row["term"])})
            value = open_value(bytea(row["sealed"]), dek, place)
        except Refused as refusal:
            failed += 1
            print(json.dumps(said | {"name": secret["name"], "refused": str(refusal)}))
            continue
        print(json.dumps(said | {"name": secret["name"], "value_base64": base64.b64encode(value).decode()}))
    return 1 if failed else 0


def main(path: Path, hybrid_path: Path) -> int:
    vectors, hybrid = json.loads(path.read_text("utf-8")), json.loads(hybrid_path.read_text("utf-8"))
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

    if MLKEM768PrivateKey is None:
        print("wrap suite 2 left out: this release of cryptography has no ML-KEM", file=sys.stderr)
        hybrid = {"cases": [], "refused": []}

    for case in hybrid["cases"] + hybrid["refused"]:
        try:
            keys = (raw(case["root_key"]), raw(case["hybrid_seed"]))
            outcome = unwrap_hybrid(raw(case["key_wrap"]), *keys, case["key_place"]).hex()
        except Refused as refusal:
            outcome = str(refusal)
        expect(f"hybrid, {case['name']}: {outcome}", outcome, case.get("tenant_key") or case["error"])

    example = vectors["derived"]
    info = fields(b"keyfold/derive/v1", example["info"].encode(), raw(example["context"]))
    expect("derived key", check_value(hkdf(raw(example["key"]), None, info, 32)).hex(), example["derived_check"])

    opened, refused = (len(vectors[kind]) + len(hybrid[kind]) for kind in ("cases", "refused"))
    print(f"{opened} opened, {refused} refused, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["rows"] and len(sys.argv) in (4, 5):
        keys = [key_of(Path(argument)) for argument in sys.argv[3:]]
        sys.exit(open_rows(Path(sys.argv[2]), keys[0], keys[1] if len(keys) > 1 else None))
    given = [Path(argument) for argument in sys.argv[1:]]
    sys.exit(main(*given, *[VECTORS, HYBRID_VECTORS][len(given) :]))
