"""The ways to sign in, one module each, in the order in which pages show them.

To add one: write its module and the two parts of a template that ask for it, add its line.
"""

from collections.abc import Mapping

from identity.sign_in import code, passkey, password, scan, upstream
from identity.sign_in.methods import Method

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (password.METHOD, code.METHOD, passkey.METHOD, scan.METHOD, upstream.METHOD)
}
