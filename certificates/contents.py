"""What the signed text of a licence has to say, given its row."""

from certificates.catalogue import CATALOGUE, LicenceType
from certificates.errors import UnknownType
from certificates.formats.credential import Credential
from certificates.licences import Licence
from certificates.status import place_in_list

_BY_CODE = {each.code: each for each in CATALOGUE.values()}


def find_kind(code: str) -> LicenceType | None:
    """Find a licence type by its 21-character code."""
    return _BY_CODE.get(code)


def type_of_code(code: str) -> LicenceType:
    """Find a licence type by its 21-character code.

    Raises:
        UnknownType: the catalogue has none of that code.
    """
    kind = find_kind(code)
    if kind is None:
        raise UnknownType("no licence type has that code")
    return kind


def name_licence(licence: Licence) -> dict[str, str]:
    """Name a licence in a record: its identifier, and its type as people call it."""
    kind = find_kind(licence.type_code)
    return {
        "licence": licence.identifier,
        "licence_type": kind.slug if kind else "",
        "licence_name": kind.zh if kind else "",
        "licence_name_en": kind.en if kind else "",
    }


def credential_of(licence: Licence, kind: LicenceType, address: str) -> Credential:
    """What the signed text of a licence has to say."""
    status_list, status_index = place_in_list(licence.status_index, address)
    return Credential(
        identifier=licence.identifier,
        kind=f"{address}/licence-types/{kind.slug}",
        issuer=address,
        issuer_code=licence.issuer_code,
        holder={"code": licence.holder_code, "name": licence.holder_name},
        fields=licence.fields,
        issued_at=licence.issued_at,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        status_list=status_list,
        status_index=status_index,
    )
