"""Signs programs and installers (Authenticode), with the certificate of whoever publishes them, or one of nobody for a try.

Windows trusts a signature by the certificate's issuer. The one that is made here has an issuer that nobody knows, which is enough to see
that everything is signed and whole; what is handed out is signed with the organisation's own: SIGN_CERT, SIGN_KEY.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from packages.release import Refused

TOOL = "osslsigncode"
_NAME = "GovSync"
_DAYS = "30"


class Signer(NamedTuple):
    """Who signs: a certificate with its chain, its key (PEM), and whose time is asked (an address of RFC 3161; "": nobody's)."""

    certificate: Path
    key: Path
    time: str = ""

    def sign(self, file: Path, epoch: int) -> None:
        """Signs a file in its place; without an authority for the time the commit's second is what the signature says."""
        signed = file.with_name(f"{file.name}.signed")
        when = ["-ts", self.time] if self.time else ["-time", str(epoch)]
        more = ["-add-msi-dse"] if file.suffix == ".msi" else []
        subprocess.run(
            [TOOL, "sign", "-certs", self.certificate, "-key", self.key, "-h", "sha256", "-n", _NAME, *when, *more,
             "-in", file, "-out", signed],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        signed.replace(file)


def named(environment: Mapping[str, str] = os.environ) -> Signer | None:
    """Answers who signs by the environment: SIGN_CERT and SIGN_KEY, and SIGN_TIME for the time.

    Raises Refused where only one of the two is named, or is not there."""
    certificate, key = environment.get("SIGN_CERT", ""), environment.get("SIGN_KEY", "")
    if not certificate and not key:
        return None
    absent = [
        name for name, value in (("SIGN_CERT", certificate), ("SIGN_KEY", key)) if not Path(value).is_file()
    ]
    if absent:
        raise Refused(f"no file is named by {' and '.join(absent)}")
    return Signer(Path(certificate), Path(key), environment.get("SIGN_TIME", ""))


def of_nobody(folder: Path) -> Signer:
    """Makes a certificate that nobody trusts, for a try; it lies in the folder afterwards, so that it can be looked for."""
    folder.mkdir(parents=True, exist_ok=True)
    signer = Signer(folder / "try.pem", folder / "try.key")
    if not (signer.certificate.exists() and signer.key.exists()):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", _DAYS,
             "-subj", "/CN=GovSync (try, trusted by nobody)", "-addext", "extendedKeyUsage=codeSigning",
             "-addext", "keyUsage=digitalSignature", "-keyout", signer.key, "-out", signer.certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        signer.key.chmod(0o600)
    return signer


def verify(file: Path, authority: Path) -> bool:
    """Says whether a file is whole and signed by whoever an authority (PEM) vouches for."""
    command = [TOOL, "verify", "-in", file, "-CAfile", authority]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
