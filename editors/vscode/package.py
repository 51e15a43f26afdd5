"""Packs the extension, with the server's wheel inside: ``python package.py WHEEL OUT.vsix``.

A .vsix is a zip file with two small lists beside the extension; the usual tool for it brings hundreds of packages.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HERE = Path(__file__).resolve().parent
SHIPPED = ("package.json", "README.md", "out/extension.cjs", "images/icon.png", "server/install.py")
PICTURE = re.compile(rb"\]\(\.\./\.\./(docs/[\w-]+\.png)\)")  # as the README of the extension names one
TYPES = {".json": "application/json", ".md": "text/markdown", ".cjs": "application/javascript", ".png": "image/png",
         ".py": "text/x-python", ".txt": "text/plain", ".whl": "application/zip",
         ".vsixmanifest": "text/xml"}  # fmt: skip


def contents(wheel: Path) -> dict[str, bytes]:
    """Every file of the package, by its name there."""
    root = HERE.parent.parent
    shipped = {name: (HERE / name).read_bytes() for name in SHIPPED}
    shown = (name.decode() for name in PICTURE.findall(shipped["README.md"]))
    shipped |= {name: (root / name).read_bytes() for name in shown}
    shipped["README.md"] = PICTURE.sub(rb"](\1)", shipped["README.md"])
    shipped["LICENSE.txt"] = (root / "LICENSE").read_bytes()
    shipped[f"server/{wheel.name}"] = wheel.read_bytes()
    manifest = json.loads(shipped["package.json"])
    return {
        "extension.vsixmanifest": vsix_manifest(manifest).encode(),
        "[Content_Types].xml": content_types().encode(),
        **{f"extension/{name}": content for name, content in shipped.items()},
    }


def vsix_manifest(manifest: dict[str, Any]) -> str:
    """What the editor reads before it unpacks anything."""
    properties = {
        "Microsoft.VisualStudio.Code.Engine": manifest["engines"]["vscode"],
        "Microsoft.VisualStudio.Code.ExtensionKind": ",".join(manifest["extensionKind"]),
    }
    assets = {
        "Microsoft.VisualStudio.Code.Manifest": "extension/package.json",
        "Microsoft.VisualStudio.Services.Content.Details": "extension/README.md",
        "Microsoft.VisualStudio.Services.Content.License": "extension/LICENSE.txt",
        "Microsoft.VisualStudio.Services.Icons.Default": f"extension/{manifest['icon']}",
    }
    identity = " ".join(
        f"{key}={quoteattr(manifest[name])}"
        for key, name in (("Id", "name"), ("Version", "version"), ("Publisher", "publisher"))
    )
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">',
        f'<Metadata><Identity Language="en-US" {identity}/>',
        f"<DisplayName>{escape(manifest['displayName'])}</DisplayName>",
        f'<Description xml:space="preserve">{escape(manifest["description"])}</Description>',
        f"<Tags>{escape(','.join(manifest['keywords']))}</Tags>",
        f"<Categories>{escape(','.join(manifest['categories']))}</Categories>",
        "<License>extension/LICENSE.txt</License>",
        f"<Icon>extension/{escape(manifest['icon'])}</Icon><Properties>",
        *(f"<Property Id={quoteattr(name)} Value={quoteattr(value)}/>" for name, value in properties.items()),
        '</Properties></Metadata><Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>',
        "<Dependencies/><Assets>",
        *(f'<Asset Type="{kind}" Path={quoteattr(path)} Addressable="true"/>' for kind, path in assets.items()),
        "</Assets></PackageManifest>",
    ]
    return "\n".join(lines)


def content_types() -> str:
    """The kind of every file, by its ending."""
    kinds = "".join(f'<Default Extension="{ending}" ContentType="{kind}"/>' for ending, kind in TYPES.items())
    namespace = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="utf-8"?><Types xmlns="{namespace}">{kinds}</Types>'


def main(wheel: str, target: str) -> None:
    """Write the package; the same input gives the same bytes."""
    with ZipFile(target, "w") as package:
        for name, content in contents(Path(wheel)).items():
            package.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    sys.stdout.write(f"{target}: {Path(target).stat().st_size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
