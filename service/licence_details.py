"""Details of the type `licence_use`: one licence type, for one matter, for one purpose."""

from collections.abc import Sequence

from certificates.catalogue import find_type
from certificates.errors import CertificateError
from certificates.matters import fields_for, find_matter
from certificates.purposes import check_purpose
from identity.asking.details import Detail, Fact, Words, text_of
from identity.errors import BadDetails

LICENCE_USE = "licence_use"


class LicenceUse:
    """Says which licence an app wants to use, for what, and why."""

    title = Words("使用一份电子证照", "Use a licence")
    fields = ("licence_type", "matter", "purpose")

    def check(self, detail: Detail) -> None:
        """Check that the matter has ground to ask for such a licence.

        Raises:
            BadDetails: type, matter or purpose cannot be.
        """
        slug, matter = text_of(detail, "licence_type"), text_of(detail, "matter")
        try:
            fields_for(find_matter(matter), find_type(slug).slug)
            check_purpose(text_of(detail, "purpose"))
        except CertificateError as error:
            raise BadDetails(str(error)) from None

    def describe(self, detail: Detail) -> Sequence[Fact]:
        """Name licence, matter and purpose."""
        kind, matter = find_type(detail["licence_type"]), find_matter(detail["matter"])
        return [
            Fact(Words("证照", "Licence"), Words(kind.zh, kind.en)),
            Fact(Words("事项", "Matter"), Words(matter.zh, matter.en)),
            Fact(Words("用途", "Purpose"), Words(detail["purpose"], detail["purpose"])),
        ]
