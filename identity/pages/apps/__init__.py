"""The pages on which a legal person's apps are managed."""

from identity.pages.apps.ending import RemovePage, SecretPage
from identity.pages.apps.listing import AppsPage
from identity.pages.apps.making import EditPage, NewPage
from identity.pages.apps.showing import AppPage

PAGES = (AppsPage, NewPage, AppPage, EditPage, SecretPage, RemovePage)
