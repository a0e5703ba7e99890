"""Repair of Unicode, markup and white space."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

import ftfy
from ftfy.badness import MOJIBAKE_CATEGORIES

_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,  # below, for entities with a semicolon alone
    uncurl_quotes=False,
    fix_character_width=False,  # full-width punctuation belongs to Chinese
    fix_latin_ligatures=True,
    normalization="NFC",
    explain=False,
)
_BREAKING = (
    "address|article|aside|blockquote|br|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h1|h2|h3|h4|h5|h6|head|header|hr|li|main|nav|ol|option|p|pre|section|table|tbody|tfoot|"
    "thead|title|tr|ul"
)
_SPACING = "td|th"
_INLINE = (
    "a|abbr|acronym|audio|b|bdi|bdo|big|body|button|canvas|caption|cite|code|col|colgroup|data|"
    "del|details|dfn|em|embed|font|html|i|iframe|img|input|ins|kbd|label|legend|link|map|mark|"
    "meta|nobr|noscript|object|param|picture|q|s|samp|select|small|source|span|strike|strong|"
    "sub|summary|sup|svg|textarea|time|tt|u|var|video|wbr"
)
_HIDING = "script|style"
_TAG = re.compile(
    rf"<(?P<closing>/?)(?P<name>{_BREAKING}|{_SPACING}|{_INLINE}|{_HIDING})(?:[\s/][^<>]*)?>"
    r"|(?P<comment><!--)|<!doctype[^<>]*>|<\?xml[^<>]*>",
    re.IGNORECASE,
)
_INSTEAD = dict.fromkeys(_BREAKING.split("|"), "\n") | dict.fromkeys(_SPACING.split("|"), " ")
_CLOSING = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _HIDING.split("|")} | {
    "comment": re.compile("-->")
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|&nbsp\b")
_UNESCAPES = 3
"""Escaped again and again by the systems that a text passed through: `&amp;amp;nbsp;`."""

_INVISIBLE = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef"
    "\ufff0-\ufffb\ufffe\uffff\ue000-\uf8ff\U000f0000-\U0010ffff"
)
_JOINERS = "\u200c\u200d"  # needed in some scripts and in pictographs
_CONTROLS = "\u0000-\u0008\u000e-\u001f\u007f-\u009f"
_BREAKS = "\u000b\u000c\r\u0085\u2028\u2029"
_SPACES = "\u0009\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = re.compile(
    rf"[{_CONTROLS}{_INVISIBLE}\ud800-\udfff]"
    rf"|(?<![\u0300-\U000effff])[{_JOINERS}]+|[{_JOINERS}]+(?![\u0300-\U000effff])"
)
_UNSTABLE = (
    r"\p{M}\x{1100}-\x{11ff}\x{340}-\x{37e}\x{387}\x{958}-\x{95f}\x{9dc}-\x{9df}\x{a33}-\x{a5e}"
    r"\x{b5c}\x{b5d}\x{f43}-\x{fb9}\x{1f70}-\x{1fff}\x{2126}\x{212a}\x{212b}\x{2329}\x{232a}"
    r"\x{2adc}\x{f900}-\x{faff}\x{fb1d}-\x{fb4f}\x{1d15e}-\x{1d1c0}\x{2f800}-\x{2fa1f}"
    r"\x{132}\x{133}\x{149}\x{1c4}-\x{1cc}\x{1f1}-\x{1f3}\x{fb00}-\x{fb06}"
)
"""Characters that NFC may change, and ligatures."""
_OLD_BREAK = re.compile("\r\n?|[\u000b\u000c]")
_LINE_BREAK = re.compile(f"[{_BREAKS}]")
_SPACE = re.compile(rf"[ {_SPACES}]+")
_AROUND_BREAK = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")


def repair_text(text: str, *, encoding: bool = True, markup: bool = True) -> str:
    """A text as a reader would see it, in NFC.

    Mojibake is undone (with `encoding`); tags, comments and scripts go, block tags become line
    breaks and entities characters (with `markup`); control and invisible characters and lone
    surrogates go; runs of white space become one space, but line breaks stay, two at most.
    """
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    if markup:
        for _ in range(_UNESCAPES):
            before = text
            if "<" in text:
                text = _strip_tags(text)
            text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
            if text == before:
                break
    text = _OLD_BREAK.sub("\n", text)
    if not text.isascii() or "\x1b" in text:
        text = ftfy.fix_text(text, _FTFY._replace(fix_encoding=encoding))
    text = _LINE_BREAK.sub("\n", text)
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    text = _SPACE.sub(" ", text)
    text = _AROUND_BREAK.sub("\n", text)
    return _BLANK_LINES.sub("\n\n", text).strip(" \n")


def _strip_tags(text: str) -> str:
    pieces, position = [], 0
    unclosed = set()
    while tag := _TAG.search(text, position):
        pieces.append(text[position : tag.start()])
        position = tag.end()
        name = "comment" if tag["comment"] else (tag["name"] or "").lower()
        if name not in _CLOSING:
            pieces.append(_INSTEAD.get(name, ""))
        elif not tag["closing"] and name not in unclosed:
            end = _CLOSING[name].search(text, position)
            if end:
                position = end.end()
            else:  # then there is none further on either: do not look again
                unclosed.add(name)
    pieces.append(text[position:])
    return "".join(pieces)


@cache
def suspicious_pattern(*, encoding: bool = True, markup: bool = True) -> str:
    """An RE2 expression that matches wherever `repair_text` might change a text.

    It is cheap, and errs on the safe side.
    """
    parts = [
        r"^[ \n]|[ \n]$|  | \n|\n |\n\n\n",
        rf"[{_CONTROLS}{_INVISIBLE}{_JOINERS}{_BREAKS}{_SPACES}]",
        rf"[{_UNSTABLE}]",
    ]
    if encoding:
        parts.append(_mojibake_pattern())
    if markup:
        parts.append("&[#A-Za-z]|<[A-Za-z/!?]")
    return "|".join(parts).replace("\0", r"\x00")  # SQL ends at the character itself


def _mojibake_pattern() -> str:
    """Over-approximates the expression that ftfy looks for before it changes an encoding."""
    common = MOJIBAKE_CATEGORIES["common"]
    noise = "".join(set(MOJIBAKE_CATEGORIES.values()) - {common})
    return rf"[ÂÃŒœ]|[{noise}вβāВГРСΒΓΞΟØÙà√≈‚×][{noise}{common}Ђ]"
