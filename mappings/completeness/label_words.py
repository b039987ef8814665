"""The words and shapes around labels in reports; `labels.py` says what is made of them."""

import re

ACCESSION = r"(?:[A-Z]{1,4}-?\d{2,4}-\d{3,9}|\d{2}-?[A-Z]{1,4}-\d{3,7})"
"""A laboratory's number: `S26-1234`, `SP-26-001234`, `26-S-01234`. The last group has three digits at least."""
ITS_LABEL = r"[A-Z](?:\d{1,3}(?:-\d{1,3})?)?"
HEADER_NUMBER = re.compile(
    rf"(?im)^[ \t]*(?:accession|case|specimen|surgical)(?:\s+(?:number|no\.?|id))?\s*[:#]+\s*(?-i:({ACCESSION}))\b"
)

_JOINT = r"\s*(?:,\s*and\b|,|;|&|\band\b|\bor\b|\bthrough\b|\bthru\b|\bto\b|[-–/])\s*"
_PART = r"#?(?:[A-Z]{1,2}|[IVX]{3,4}|\d{1,2})(?!\w)"
_BLOCK = r"#?(?:\d{1,2}[A-Z]\d{0,3}|[A-Z]{1,2}\d{1,3}|[A-Z](?!\w)|\d{1,3})(?!\w)"
_TRUE_BLOCK = r"(?:FS|[A-Z]{1,2})\d{1,3}(?!\w)"
FURTHER = frozenset(("-", "–", "to", "through", "thru"))

PART_WORD = re.compile(
    r"(?<![\w-])(?P<word>(?i:parts?|specimens?|containers?|jars?))\s+"
    r"(?i:labell?ed\s+|designated\s+|number\s+|no\.\s*|nos\.\s*)?[\"“'(]?"
    rf"(?P<list>{_PART}(?:{_JOINT}{_PART})*+)(?![\w'’]|-[a-z])"
)
LINE = re.compile(
    r"(?:^|(?<=\n)|(?<=;))[ \t]*\(?"
    r"(?P<list>(?:[A-Z]|\d{1,2})(?:[ \t]*(?:,|&|-|–|and|to)[ \t]*[A-Z])*)"
    r"(?:[.):][ \t]+|[.)](?=[A-Z][a-z]))(?P<rest>[^\s;][^\n;]*)"
)
ROMAN_LINE = re.compile(r"(?m)^[ \t]*\(?(?P<label>[IVX]{1,4})[.):][ \t]+(?P<rest>\S[^\n]*)")
BLOCK_WORD = re.compile(
    r"(?<![\w-])(?P<word>(?i:blocks?|cassettes?|slides?|frozen sections?))\s+"
    r"(?:(?i:labell?ed|designated|number|no\.)\s+)?"
    rf"[\"“'(]?(?P<list>{_BLOCK}(?:{_JOINT}{_BLOCK})*+)(?!\w|[.]\d|-[a-z])"
    r"(?!\s*(?:x|×|of|cm|mm|%|µm|micron|day|week|hour|year|month|minute)\b)"
)
SUBMITTED = re.compile(
    r"(?i:submitted|embedded|processed)\b[^.;\n\d]{0,40}?(?<![\w-])"
    rf"(?P<list>{_TRUE_BLOCK}(?:{_JOINT}{_TRUE_BLOCK})*+)(?!\w|-\w)"
)
KEY_LINE = re.compile(
    rf"(?:^|(?<=\n))[ \t]*\(?(?P<list>{_TRUE_BLOCK}(?:{_JOINT}(?:{_TRUE_BLOCK}|\d{{1,3}}(?!\w)))*)\)?"
    r"[ \t]*[:=][ \t]+(?=\S)"
)

KEY_HEADING = re.compile(
    r"(?i)\b(?:(?:representative )?sections?|blocks?|cassettes?)(?:\s+(?:key|codes?|summary|designations?|index))?\s*:"
    r"[ \t]*(?P<rest>[^\n]+)"
)
KEY_ENTRY = re.compile(
    rf"(?:^|[;,])\s*\(?(?P<list>{_TRUE_BLOCK}(?:{_JOINT}{_TRUE_BLOCK})*+)\)?(?=\s+[a-z]|\s*[-–:=]\s)"
)
"""`Sections: A1 tips; A2-A3 lesion`: the entries of a key that stands in one line."""

MEASURE = re.compile(
    r"\s*(?:[.,]\d|[x×]\s*\d|(?:cm|mm|g|gm|kg|ml|mL|µm|%)(?!\w)|(?:days?|weeks?|hours?|months?|years?|cores?|fragments?|"
    r"pieces?|containers?|jars?|specimens?|parts?)\b)"
)
DENIED_BEFORE = re.compile(
    r"(?i)\b(?:no|not|without|except(?:\s+for)?|excluding|lacking)\s+(?:further\s+|separate\s+|any\s+)?$"
)
DENIED_AFTER = re.compile(
    r"(?i)\s*[:,–-]?\s*(?:\([^)]*\)\s*)?(?:(?:was|were|is|are|has|have)\s+)?"
    r"(?:(?:not|never)\s+(?:been\s+)?(?:received|submitted|sent|provided|present|collected|obtained|taken|used)\b|"
    r"(?:void|voided|cancell?ed|withdrawn)\b|no\s+(?:tissue|specimen|material)\s+(?:was\s+)?(?:received|submitted))"
)
EARLIER = re.compile(r"(?i)\b(?:prior|previous|earlier|outside|another|other|different)\b[^.;\n]{0,40}$")
NERVE = re.compile(r"(?i)\b(?:nerve|spinal|epidural|heart|bundle[- ]branch|conduction|av)\s+$")
STAIN = re.compile(r"S100|P16|P27|P40|P53|P57|P63|P504|B12|T1|T2|H3|K5|K6|K7|M3|D2-40|G34|E6|E7")
"""What reads like a block and is a stain, a marker, a sequence of MR or a vitamin."""

OUTLINE = re.compile(
    r"(?i)(?:clinical|pre-?operative|post-?operative|history|gross|macroscopic|microscopic|diagnos[ie]s|final diagnos|"
    r"comment|impression|findings|technique|indication|procedure|addend|specimens?\b|intraoperative|summary|recommend|"
    r"introduction|background|ancillary|synoptic|note\b|references|method|results?\b|patient|medication|allerg|plan\b|"
    r"assessment|examination)"
)
SPECIMEN_HEADING = re.compile(
    r"(?i)^[ \t]*(?:(?:list of |pathologic |final |gross )?"
    r"(?:specimens?|parts?|tissues?|materials?|diagnos[ie]s|description)(?:\s*\(s\))?"
    r"(?:\s+(?:submitted|received|sent|examined|of tissues?|submitted and received))?)\s*:?\s*$"
)
_DEGREE = r"M\.?D\.?|D\.?O\.?|Ph\.?D\.?|MBBS|PA|RN|MS|FCAP"
PERSON = re.compile(rf"(?:[A-Z][\w'’.-]+\s+){{0,2}}[A-Z][\w'’-]+(?:,?\s+(?:{_DEGREE}))*[.,]?")
"""One to three capitalised words, maybe with a degree: a name, unless the line says more."""
