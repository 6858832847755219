"""The checks 2 to 10 of a verification, each a pure answer about what was found.

An answer is `PASSED`, `NOT_APPLICABLE` or the reason why it failed, as in `checks`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec

from certificates.chains import Leaf, verify_links
from certificates.checks import NOT_APPLICABLE, PASSED, CheckCode
from certificates.contents import credential_of, find_kind
from certificates.errors import ChainRejected, FormatRejected, NoGround, SignatureRejected
from certificates.faces import Faces
from certificates.formats import sd_jwt
from certificates.formats.credential import Credential, Reading
from certificates.licences import Found, Licence, Show, digest_of, faces_digest
from certificates.matters import Matter, fields_for
from certificates.papers.offline import OfflineCode, key_id_of
from certificates.papers.offline import verify as verify_code
from certificates.papers.reading import verify as verify_paper
from certificates.recording import FindIssue
from certificates.stamps.tokens import imprint_of
from certificates.stamps.tokens import verify as verify_stamp


@dataclass(frozen=True)
class Signature:
    """A signature to check: the certificates that came with it, and how it is checked."""

    chain: tuple[bytes, ...]
    verify: Callable[[ec.EllipticCurvePublicKey], None]


@dataclass(frozen=True)
class Case:
    """What the checks look at.

    Attributes:
        form: outcome of check 1.
        found: what the register has under that code or identifier.
        reading: the credential presented, or that of the register; None if it cannot be read.
        faces: what was presented; None if a code was shown instead.
    """

    form: str
    found: Found | None
    reading: Reading | None
    faces: Faces | None = None

    @property
    def signatures(self) -> Sequence[Signature]:
        """All signatures that have to be good.

        An offline code names its department's certificate, but has no room for it: it is that
        with which the credential was signed.
        """
        faces = self.faces.each if self.faces else ()
        readings = [face.reading for face in faces if face.reading]
        if not readings and self.reading:
            readings = [self.reading]
        signatures = [Signature(each.chain, partial(sd_jwt.verify, each)) for each in readings]
        for face in faces:
            if paper := face.paper:
                signatures.append(Signature(paper.seal.chain, partial(verify_paper, paper)))
            if face.code and self.reading:
                check = partial(_verify_code, face.code, self.reading.chain)
                signatures.append(Signature(self.reading.chain, check))
        return signatures

    @property
    def disclosed(self) -> Mapping[str, str]:
        """The fields that whoever presented it has disclosed by that."""
        if self.faces is not None:
            return self.faces.fields
        return self.reading.credential.fields if self.reading else {}


def check_all(
    case: Case, matter: Matter, roots: Sequence[bytes], find_issue: FindIssue, now: int
) -> dict[CheckCode, str]:
    """Answer all ten; the numbers are those of `verifying`.

    Args:
        roots: the city's, then those of other time-stamp authorities.
    """
    root = roots[0]
    signature, chain = _check_signed(case, roots, now)
    known = find_known(case, signature)
    none = NOT_APPLICABLE
    return {
        "form": case.form,  # 1
        "signature": signature,  # 2
        "chain": chain,  # 3
        "authority": _check_authority(known, case, root) if known else none,  # 4
        "period": _check_period(known.licence, now) if known else none,  # 5
        "status": _check_status(known.licence) if known else none,  # 6
        "agreement": _check_agreement(case.faces, known),  # 7
        "shown": _check_shown(case, now),  # 8
        "purpose": _check_ground(known, matter) if known else none,  # 9
        "recorded": _check_recorded(case, signature, find_issue),  # 10
    }


def check_presented(faces: Faces, root: bytes, now: int) -> dict[CheckCode, str]:
    """Answer what can be answered of faces alone, without register and ledger.

    An offline code by itself has no certificate: it needs another face beside it.
    """
    case = Case(faces.form, None, faces.reading, faces)
    signature, chain = _check_signed(case, (root,), now)
    none = NOT_APPLICABLE
    return {
        "form": case.form,
        "signature": signature,
        "chain": chain,
        "authority": none,
        "period": _check_presented_period(faces, now),
        "status": none,
        "agreement": _check_agreement(faces, None),
        "shown": none,
        "purpose": none,
        "recorded": none,
    }


def _check_signed(case: Case, roots: Sequence[bytes], now: int) -> tuple[str, str]:
    """Checks 2 and 3; certificates count as of the time-stamp, which proves when they signed."""
    signatures = case.signatures
    leaves = [_find_leaf(each.chain, roots[0]) for each in signatures]
    signature = _check_signatures(case, signatures, leaves)
    try:
        at = _stamped_at(case, roots)
    except (FormatRejected, SignatureRejected):
        return "stamp" if signature == PASSED else signature, _check_chains(leaves, now)
    # A stamp from later than now is worth nothing, and takes nothing away.
    return signature, _check_chains(leaves, now if at is None else min(at, now))


def _stamped_at(case: Case, roots: Sequence[bytes]) -> int | None:
    """When the paper among the faces was stamped; None if it has no stamp, or there is none."""
    papers = [face.paper for face in case.faces.each if face.paper] if case.faces else []
    if not papers or not papers[0].seal.token:
        return None
    seal = papers[0].seal
    stamp = verify_stamp(seal.token, imprint_of(seal.stamped), roots)
    if stamp is None:
        raise SignatureRejected("an authority that is not trusted here")
    return stamp.at


def _check_presented_period(faces: Faces, now: int) -> str:
    if faces.reading is None:
        return NOT_APPLICABLE
    credential = faces.reading.credential
    if now < credential.valid_from:
        return "not-yet"
    return PASSED if credential.valid_to is None or now < credential.valid_to else "over"


def find_known(case: Case, signature: str) -> Found | None:
    """What the register has, unless what was presented is no more than a forgery that names it.

    Otherwise anyone could ask for the state of any licence by writing its identifier down.
    """
    return case.found if signature == PASSED or case.faces is None else None


def _find_leaf(chain: tuple[bytes, ...], root: bytes) -> Leaf | None:
    try:
        return verify_links(chain, root)
    except ChainRejected:
        return None


def _check_signatures(
    case: Case, signatures: Sequence[Signature], leaves: Sequence[Leaf | None]
) -> str:
    if case.faces and case.faces.flaw != PASSED:
        return case.faces.flaw
    if case.reading is None:
        return "wrong" if case.found else NOT_APPLICABLE  # our own text cannot be read any more
    return _check_each(case, case.reading, signatures, leaves)


def _check_each(
    case: Case,
    reading: Reading,
    signatures: Sequence[Signature],
    leaves: Sequence[Leaf | None],
) -> str:
    try:
        for each, leaf in zip(signatures, leaves, strict=True):
            if leaf is None:
                return NOT_APPLICABLE  # nobody's key
            each.verify(leaf.key)
    except SignatureRejected:
        return "wrong"
    same = case.found is None or _agrees(reading.credential, case.found.licence)
    return PASSED if same else "differs"


def _agrees(signed: Credential, licence: Licence) -> bool:
    """Tell whether the register says what was signed, as far as that was disclosed."""
    kind = find_kind(licence.type_code)
    if kind is None:
        return False
    kept = credential_of(licence, kind, signed.issuer)
    holder = signed.holder.items() <= kept.holder.items()
    fields = signed.fields.items() <= kept.fields.items()
    return holder and fields and replace(kept, holder=signed.holder, fields=signed.fields) == signed


def _check_chains(leaves: Sequence[Leaf | None], now: int) -> str:
    if not leaves:
        return NOT_APPLICABLE
    known = [leaf for leaf in leaves if leaf is not None]
    if len(known) < len(leaves):
        return "foreign"
    return PASSED if all(leaf.not_before <= now <= leaf.not_after for leaf in known) else "expired"


def _check_authority(found: Found, case: Case, root: bytes) -> str:
    leaves = [_find_leaf(each.chain, root) for each in case.signatures]
    if any(leaf is not None and leaf.code != found.licence.issuer_code for leaf in leaves):
        return "other-department"
    covered = found.authority is not None and found.authority.covers(found.licence.issued_at)
    return PASSED if covered else "none"


def _check_period(licence: Licence, now: int) -> str:
    if now < licence.valid_from:
        return "not-yet"
    return PASSED if licence.valid_to is None or now < licence.valid_to else "over"


def _check_status(licence: Licence) -> str:
    return PASSED if licence.state == "valid" else licence.state


def _verify_code(
    code: OfflineCode, chain: tuple[bytes, ...], key: ec.EllipticCurvePublicKey
) -> None:
    if code.key_id != key_id_of(chain[0]):
        raise SignatureRejected("another certificate than that of the credential")
    verify_code(code, key)


def _check_agreement(faces: Faces | None, found: Found | None) -> str:
    """All that was presented carries the identifier and the digest of one licence: the registered.

    Without a register, that it carries those of one licence.
    """
    if faces is None or not all(face.identifier for face in faces.each):
        return NOT_APPLICABLE
    if not faces.agree:
        return "faces"
    digests = {face.digest.hex() for face in faces.each if face.digest}
    printed = {face.paper.printed for face in faces.each if face.paper}
    if not digests:
        return NOT_APPLICABLE
    if found and digests != {faces_digest(found.licence.sd_jwt).hex()}:
        return "other-copy"
    return PASSED if printed <= {(faces.identifier, *digests)} else "printed"


def _check_shown(case: Case, now: int) -> str:
    if case.faces or case.form != PASSED:
        return NOT_APPLICABLE
    if case.found is None or case.found.show is None:
        return "unknown"
    return check_alive(case.found.show, now)


def check_alive(show: Show, now: int) -> str:
    """Check 7 of a code: `PASSED`, or how it died."""
    if show.used_at is not None:
        return "used"
    if show.replaced_at is not None:
        return "replaced"
    return PASSED if now < show.expires_at else "expired"


def _check_ground(found: Found, matter: Matter) -> str:
    kind = find_kind(found.licence.type_code)
    if kind is None:
        return NOT_APPLICABLE
    try:
        fields_for(matter, kind.slug)
    except NoGround:
        return "no-ground"
    meant = found.show.matter if found.show else None
    return PASSED if meant in {None, matter.code} else "other-matter"


def _check_recorded(case: Case, signature: str, find_issue: FindIssue) -> str:
    known = find_known(case, signature)
    if known is None:
        # Signed by one of our departments, or named to be, and yet nothing that we issued.
        named = case.faces and case.form == PASSED and not case.found and not case.reading
        good = case.faces and signature == PASSED
        return "unknown" if good or (named and signature == NOT_APPLICABLE) else NOT_APPLICABLE
    licence = known.licence
    issued = find_issue(licence.issue_record)
    if issued is None:
        return "missing"
    same = (issued.get("licence"), issued.get("digest")) == (licence.identifier, digest_of(licence))
    return PASSED if same else "differs"
