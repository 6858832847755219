"""Token keys over time: made at the first start, renewed by command and by schedule, retired."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from identity.errors import NotRegistered
from identity.noting import note
from identity.realm import Realm, Work
from identity.signing.keys import (
    AHEAD_SECONDS,
    KEPT_SECONDS,
    KINDS,
    KeptKey,
    Key,
    kept_key,
    signing_kids,
)
from identity.trail.events import KEY_RETIRED, KEY_ROTATED, OPERATOR

DAY_SECONDS = 24 * 3600
OLD_FILES = {"ES256": "token-*.pem", "RS256": "rsa-*.pem", "EdDSA": "eddsa-*.pem"}


def refresh_keys(realm: Realm) -> Sequence[KeptKey]:
    """Learn which keys there are now: one statement, and work only for a key never seen.

    Raises:
        SealBroken: they were sealed under another master key.
    """
    with realm.reading() as store:
        kept = store.keys.all()
    realm.keychain.renew(realm.seals, kept, realm.clock())
    return kept


def prepare_keys(realm: Realm, old_folder: Path | None = None) -> None:
    """Make the first keys at the first start; before, take over keys that older versions kept.

    Raises:
        ValueError: an old key file can be read by others.
        SealBroken: the keys were sealed under another master key.
    """
    files = _old_files(old_folder) if old_folder else {}
    held = {key.algorithm for key in refresh_keys(realm)}
    for algorithm in KINDS.keys() - held:
        old = [_read_old(path, algorithm) for path in files.get(algorithm, ())]
        _begin(realm, algorithm, old or [KINDS[algorithm].make()])
    resting = {key.kid for key in refresh_keys(realm)}
    for algorithm, paths in files.items():
        for path in paths:  # what rests sealed in the database, committed above, lies open no more
            if _read_old(path, algorithm).thumbprint() in resting:
                path.unlink()


def _old_files(folder: Path) -> dict[str, list[Path]]:
    return {name: sorted(folder.glob(pattern)) for name, pattern in OLD_FILES.items()}


def _read_old(path: Path, algorithm: str) -> Key:
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    return KINDS[algorithm].read(path.read_bytes())


def _begin(realm: Realm, algorithm: str, keys: Sequence[Key]) -> None:
    """Keep the first keys of an algorithm: the last signs at once, those before it have signed."""
    with realm.writing() as store:
        now = realm.clock()
        for generation, key in enumerate(keys):
            kept = kept_key(realm.seals, key, algorithm, generation, now, now)
            if generation < len(keys) - 1:
                kept = replace(kept, ends_at=now + KEPT_SECONDS)
            store.keys.add(kept)


def newest_of(kept: Sequence[KeptKey], algorithm: str) -> KeptKey:
    """Return the last key of an algorithm that was made; there is always one."""
    return max((key for key in kept if key.algorithm == algorithm), key=lambda key: key.generation)


def rotate(realm: Realm, newest: KeptKey) -> KeptKey | None:
    """Publish a new key that signs in a while, and let the one before end after that.

    Args:
        realm: whose keys.
        newest: the key to follow.

    Returns:
        The new key; None when it has a successor already. Of many parallel tries one makes it.
    """
    made = KINDS[newest.algorithm].make()  # before the transaction: an RSA key takes a while
    with realm.writing() as store:
        work = realm.work(store)
        new = _successor(work, made, newest, work.now + AHEAD_SECONDS)
        if not store.keys.add(new):
            return None
        store.keys.succeed(new, new.signs_from + KEPT_SECONDS)
        note(work, KEY_ROTATED, OPERATOR, detail=new.kid)
    return new


def retire(realm: Realm, kid: str) -> None:
    """Refuse a key from now on, with all that it signed: it was stolen, or may have been.

    If it signed, its successor does so at once: the one that waits for its time, or a new one.

    Raises:
        NotRegistered: there is no such key.
    """
    kept = refresh_keys(realm)
    gone = next((key for key in kept if key.kid == kid), None)
    if gone is None:
        raise NotRegistered("no token key of this name")
    newest = newest_of(kept, gone.algorithm)
    made = KINDS[gone.algorithm].make() if newest.kid == kid else None
    signs = kid in signing_kids(kept, realm.clock())
    with realm.writing() as store:
        work = realm.work(store)
        note(work, KEY_RETIRED, OPERATOR, detail=kid)
        if made is not None:
            store.keys.add(_successor(work, made, newest, work.now + AHEAD_SECONDS))
        if signs:
            store.keys.hasten(gone.algorithm, work.now)
        store.keys.remove(kid)
    refresh_keys(realm)


def _successor(work: Work, key: Key, before: KeptKey, signs_from: int) -> KeptKey:
    generation = before.generation + 1
    return kept_key(work.realm.seals, key, before.algorithm, generation, work.now, signs_from)


def keep_keys(realm: Realm, rotation_days: int) -> None:
    """Do what is due: learn of new keys, rotate old ones, forget ended ones.

    Args:
        realm: whose keys.
        rotation_days: age at which a key gets a successor; 0 for never.
    """
    kept, now = refresh_keys(realm), realm.clock()
    newest = [newest_of(kept, algorithm) for algorithm in KINDS]
    old = [key for key in newest if now - key.created_at >= rotation_days * DAY_SECONDS]
    for key in old if rotation_days else ():
        rotate(realm, key)
    if not all(key.is_known(now) for key in kept):
        with realm.writing() as store:
            store.keys.forget_ended(now)
    if old:
        refresh_keys(realm)
