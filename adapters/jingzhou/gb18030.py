"""GB 18030 as other people write it: text to bytes and back, rare characters included.

1. What declares GBK or GB2312 is read as GB 18030, which contains both: senders declare the old name and write the new
   code wherever a name needs it (𠮷 䶮 㻏 𬱖).
2. Python's codec follows GB 18030-2005, which put 24 characters into Unicode's private use area, where no two systems
   agree what they look like. The 2022 edition gives 18 of them real code points; the other 6 have had one since
   Unicode 3.1. On import all 24 become real characters, so that a name compares equal however it came.
3. On export the 18 go back to their two-byte codes, which both editions read alike. Their four-byte codes changed
   meaning between the editions and are never written.
"""

from __future__ import annotations

from typing import Final

_SWAPPED_IN_2022: Final = {
    0xE78D: 0xFE10,  # A6D9 ︐
    0xE78E: 0xFE12,  # A6DA ︒
    0xE78F: 0xFE11,  # A6DB ︑
    0xE790: 0xFE13,  # A6DC ︓
    0xE791: 0xFE14,  # A6DD ︔
    0xE792: 0xFE15,  # A6DE ︕
    0xE793: 0xFE16,  # A6DF ︖
    0xE794: 0xFE17,  # A6EC ︗
    0xE795: 0xFE18,  # A6ED ︘
    0xE796: 0xFE19,  # A6F3 ︙
    0xE81E: 0x9FB4,  # FE59 龴
    0xE826: 0x9FB5,  # FE61 龵
    0xE82B: 0x9FB6,  # FE66 龶
    0xE82C: 0x9FB7,  # FE67 龷
    0xE832: 0x9FB8,  # FE6D 龸
    0xE843: 0x9FB9,  # FE7E 龹
    0xE854: 0x9FBA,  # FE90 龺
    0xE864: 0x9FBB,  # FEA0 龻
}
_STILL_PRIVATE: Final = {
    0xE816: 0x20087,  # FE51 𠂇
    0xE817: 0x20089,  # FE52 𠂉
    0xE818: 0x200CC,  # FE53 𠃌
    0xE831: 0x215D7,  # FE6C 𡗗
    0xE83B: 0x2298F,  # FE76 𢦏
    0xE855: 0x241FE,  # FE91 𤇾
}

TO_REAL: Final = {**_SWAPPED_IN_2022, **_STILL_PRIVATE}
"""Private-use code point to the character that it stands for (rule 2)."""

_TO_TWO_BYTES: Final = {real: private for private, real in _SWAPPED_IN_2022.items()}


def decode(data: bytes) -> str:
    """Bytes as text, private-use characters made real. Raises UnicodeDecodeError."""
    return data.decode("gb18030").translate(TO_REAL)


def encode(text: str) -> bytes:
    """Text as bytes that readers of either edition understand. Raises UnicodeEncodeError for lone surrogates only."""
    return text.translate(_TO_TWO_BYTES).encode("gb18030")
