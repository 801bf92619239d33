"""Lists what harms the computer of whoever opens it: no family has it, a form has to name its ending or MIME type.

The endings are those that Windows, macOS or a browser runs at a double click, what mail providers block for it, and
containers that Windows opens as a drive, past its warning for files from the internet.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PAGE, PROGRAM, SCRIPT, MACROS = "a web page", "a program", "a script", "an Office file with macros"
SVG, XML = "an SVG picture (it can hold scripts)", "XML (a browser may show it as a page)"

_ENDINGS = {
    PAGE: "htm html hta mht mhtml shtm shtml swf xht xhtml",
    SVG: "svg svgz",
    XML: "rss xml xsl xslt",
    PROGRAM: """
        accda accde action ade adp ani apk app appimage appinstaller application appref-ms appx appxbundle bin cab chm
        class cpl deb deskthemepack desktop dex diagcab dll dmg dylib elf exe fileloc gadget grp hlp img inetloc ins
        ipa iso isp jar jnlp lib library-ms lnk mdb mde mobileconfig msc msi msix msixbundle msp mst nsh ocx one onepkg
        osx out pif pkg prg psc1 rdp reg rpm run scf scr sct search-ms settingcontent-ms shb so sys terminal theme
        themepack url vb vhd vhdx vxd webloc website wim xap xll xpi""",
    SCRIPT: """
        applescript asp aspx bas bash bat cgi cmd com command csh fish inf jse js jsp ksh lua mjs msh msh1 msh2 php php3
        php4 php5 phtml phar pl ps1 ps1xml ps2 ps2xml psd1 psm1 py pyc pyw pyz rb scpt sh tcl vbe vbs workflow ws wsc
        wsf wsh zsh""",
    MACROS: "docm dotm xlsm xltm xlsb xlam xla xlm pptm potm ppsm ppam ppa sldm slk iqy oqy dqy rqy wll",
}

BY_ENDING: Mapping[str, str] = MappingProxyType(
    {ending: what for what, endings in _ENDINGS.items() for ending in endings.split()}
)
"""What a file of this ending is, in words."""

BY_MIME: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "image/svg+xml": ("svg",),
        "text/html": ("html", "htm"),
        "application/xhtml+xml": ("xhtml", "xht"),
        "application/xml": ("xml", "xsl", "xslt", "rss"),
        "text/xml": ("xml", "xsl", "xslt", "rss"),
        "text/javascript": ("js", "mjs"),
        "application/java-archive": ("jar",),
        "application/vnd.android.package-archive": ("apk",),
        "application/vnd.microsoft.portable-executable": ("exe", "dll"),
    }
)
"""The endings that a form names by a MIME type."""
