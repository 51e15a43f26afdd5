"""Which licence a repository is under, by the words that grant it; nothing but permissive ones is recognised."""

import re
from collections.abc import Callable, Iterable

_FILE = re.compile(r"(?i)^(?:mit-)?(?:licen[cs]e|copying|unlicense)(?:[.-](?:md|txt|rst|markdown|mit|apache|bsd))?$")
_BSD = r"redistribution and use in source and binary forms"
_MIT = r"permission is hereby granted, free of charge, to any person obtaining a copy"
_ISC = r"permission to use, copy, modify, (?:and/or|and) distribute this software"
# The grant that comes first counts: what follows it are notices about bundled parts.
_GRANTS = tuple(
    (name, re.compile(words))
    for name, words in (
        (None, r"gnu (?:lesser |library |affero )?general public|mozilla public|eclipse public|server side public"),
        (None, r"commons clause|business source|common development and distribution|noncommercial|sharealike"),
        ("Apache-2.0", r"apache license,? version 2\.0|apache\.org/licenses/license-2\.0"),
        ("BSL-1.0", r"boost software license"),
        ("Unlicense", r"free and unencumbered software released into the public domain"),
        ("Zlib", r"permission is granted to anyone to use this software for any purpose, including commercial"),
        ("PostgreSQL", _ISC + r" and its documentation for any purpose, without fee"),
        ("curl", _ISC + r" for any purpose with or without fee is hereby granted, provided that the above copyright"
                        r" notice and this permission notice appear in all copies\. the software .{0,900}"
                        r"except as contained in this notice"),
        ("ISC", _ISC + r" for any purpose with or without fee"),
        ("BSD-3-Clause", _BSD + r".{0,1500}(?:endorse or promote|neither the name)"),
        ("BSD-2-Clause", _BSD),
        ("MIT", r"(?:licensed (?:to you )?under|terms of) the mit license|" + _MIT),
    )
)  # fmt: skip


def license_of(names: Iterable[str], read: Callable[[str], str | None]) -> str | None:
    """SPDX name of a repository's permissive licence, or None if it has another one or none that is known.

    Args:
        names: files at its top.
        read: gives the text of one of them.
    """
    found = sorted((name for name in names if _FILE.match(name)), key=lambda n: ("copying" in n.lower(), len(n), n))
    for name in found:
        text = read(name)
        if text is None:
            continue
        granted, spdx = granted_by(text)
        if granted:
            return spdx
    return None


def granted_by(text: str) -> tuple[bool, str | None]:
    """Whether a text grants a licence, and its SPDX name if that is a known permissive one."""
    plain = " ".join(re.sub(r"(?m)^\s*(?://|#|\*)+", " ", text).lower().split())
    hits = [
        (found.start(), order, name) for order, (name, words) in enumerate(_GRANTS) if (found := words.search(plain))
    ]
    return bool(hits), min(hits)[2] if hits else None
