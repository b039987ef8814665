"""Text in every character set of DICOM, also where escape sequences are not announced (PS3.5 annexes H to K)."""

import pytest

from mappings.dicom.charset import Charset, printable

JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"
JAPANESE_BYTES = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"  # PS3.5 H.3.1
KOREAN_BYTES = (
    b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"  # PS3.5 I.2
)


@pytest.mark.parametrize(
    ("terms", "data", "text"),
    [
        ((), b"Doe^Jane", "Doe^Jane"),
        (("ISO_IR 100",), b"M\xfcller^J\xf6rg", "Müller^Jörg"),
        (("ISO_IR 101",), "Łódź".encode("iso8859_2"), "Łódź"),
        (("ISO_IR 144",), b"\xbb\xee\xdace\xdc\xd1yp\xd3", "Люкceмбypг"),
        (("ISO_IR 127",), b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),
        (("ISO_IR 126",), b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
        (("ISO_IR 138",), b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
        (("ISO_IR 166",), "สมชาย".encode("tis_620"), "สมชาย"),
        (("ISO_IR 203",), "Œuvre€".encode("iso8859_15"), "Œuvre€"),
        (("ISO_IR 13",), b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        (("ISO_IR 192",), "王^小東".encode(), "王^小東"),
        (("GB18030",), "王^小东".encode("gb18030"), "王^小东"),
        (("GBK",), "王^小东".encode("gbk"), "王^小东"),
        (("", "ISO 2022 IR 87"), JAPANESE_BYTES, JAPANESE),
        (("", "ISO 2022 IR 149"), KOREAN_BYTES, "Hong^Gildong=洪^吉洞=홍^길동"),
        (("", "ISO 2022 IR 58"), b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东="),
        (("", "ISO 2022 IR 159"), b"\x1b$(DDA\x1b(B", b"\x1b$(DDA\x1b(B".decode("iso2022_jp_2")),
        (("ISO 2022 IR 100", "ISO 2022 IR 144"), b"M\xfcller^\x1b-L\xbb\xee^\xfc", "Müller^Лю^ü"),
        # two bytes of one sign may look like the separator of component groups
        (("", "ISO 2022 IR 87"), b"\x1b$B==\x1b(B^A", b"\x1b$B==\x1b(B".decode("iso2022_jp") + "^A"),
    ],
)
def test_text(terms: tuple[str, ...], data: bytes, text: str) -> None:
    assert Charset(terms).text(data) == (text, True)


@pytest.mark.parametrize("terms", [(), ("ISO_IR 6",), ("ISO_IR 100",)])
def test_escapes_that_are_not_announced_are_followed_and_said(terms: tuple[str, ...]) -> None:
    assert Charset(terms).text(JAPANESE_BYTES) == (JAPANESE, False)


@pytest.mark.parametrize(
    ("terms", "data", "text"),
    [
        ((), "Müller".encode(), "Müller"),
        ((), b"M\xfcller", "Müller"),
        (("ISO_IR 999",), b"M\xfcller", "Müller"),
        (("", "ISO 2022 IR 999"), b"M\xfcller", "Müller"),
    ],
)
def test_what_names_no_set_is_a_guess(terms: tuple[str, ...], data: bytes, text: str) -> None:
    assert Charset(terms).text(data) == (text, False)


@pytest.mark.parametrize(
    ("terms", "data"),
    [
        (("ISO_IR 192",), b"M\xfcller"),
        (("", "ISO 2022 IR 87"), b"\x1b$B;3E\x1b(B"),
        (("", "ISO 2022 IR 87"), b"\x1b%G\xc3\xbc"),
        (("", "ISO 2022 IR 149"), b"\x1b$)C\xfb"),
        (("", "ISO 2022 IR 87"), b"abc\x1b"),
    ],
)
def test_what_is_in_none_of_its_sets_raises(terms: tuple[str, ...], data: bytes) -> None:
    with pytest.raises(UnicodeError):
        Charset(terms).text(data)


@pytest.mark.parametrize("terms", [("ISO_IR 100",), (), ("ISO_IR 6",)])
def test_windows_text_is_read_as_that_and_said_to_be_a_guess(terms: tuple[str, ...]) -> None:
    """What Latin-1 has no letters for is what Windows writes for quotes and dashes."""
    assert Charset(terms).text(b"\x93left\x94 \x96 M\xfcller") == ("\u201cleft\u201d \u2013 Müller", False)


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("a b\tc\r\nd\fe", True), ("", True), ("左", True), ("\x07", False), ("a\x00b", False), ("\x1b[31m", False),
     ("\x9b31m", False), ("\x7f", False), ("\x0b", False)],
)  # fmt: skip
def test_control_characters(text: str, is_it: bool) -> None:
    assert printable(text) == is_it
