"""The face of a licence on paper: a PDF/A-3 that carries its SD-JWT and the department's signature.

`drawing` knows what a licence looks like, `sealing` how a PDF is signed, `reading` how such a file
is taken apart again. The renderer and the signer do not know each other: another renderer (OFD)
or another signature (SM2) is another module.
"""
