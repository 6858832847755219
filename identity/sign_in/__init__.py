"""The ways to sign in, one module each. To add one: write its module, add its line."""

from collections.abc import Mapping

from identity.sign_in import password
from identity.sign_in.methods import Method

METHODS: Mapping[str, Method] = {password.NAME: password.PasswordMethod()}
