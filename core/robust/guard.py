"""A guard for product texts: what no honest seller writes is taken out before anything is read or encoded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.catalogue.clean import clean

LONG_LIST = 18
FUNCTION_SHARE = 0.15
"""So many words with no punctuation between them, and fewer function words than this share among them, are a list of
keywords (in prose more than a third are); in Chinese, so many pieces with blanks between them."""

_HIDDEN = re.compile("(?<=[^\\W\\d_])[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff]+(?=[^\\W\\d_])")
_STRAY = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]")
_SENTENCE = re.compile(r"[^.!?。！？\n]*(?:[.!?。！？]+[”\"')]*|\n|$)")
_COMMANDS = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,30}\b(?:instructions?|prompts?|rules?)\b"
    r"|\b(?:system|developer) prompt\b"
    r"|\byou are (?:now )?an? (?:ai|assistant|language model)\b"
    r"|\b(?:treat|classify|label|describe) (?:this|it)\b.{0,120}\brank\b"
    r"|\balways (?:rank|recommend|answer|output)\b"
    r"|(?:忽略|无视|忘记).{0,12}(?:指令|提示|规则|要求)"
    r"|(?:排|推荐)(?:在|到)?第一(?:位|名)|始终(?:推荐|回答|输出)",
    re.IGNORECASE,
)
_FUNCTION = re.compile(
    r"\b(?:a|an|the|and|or|of|for|with|to|in|on|at|by|from|is|are|it|its|that|this|you|your|not|no|as|so)\b",
    re.IGNORECASE,
)


def guarded(text: str) -> str:
    """The text without invisible marks inside words, commands to a machine (to the end of their line) and lists of
    keywords.

    The first line, the title, loses marks only: a title is a list of keywords. A text with none of them comes back as
    ``clean`` would leave it.
    """
    seen = _STRAY.sub("", _HIDDEN.sub("", clean(text).text))
    title, _, rest = seen.partition("\n")
    return "\n".join(part for part in (title, "".join(_honest(rest)).rstrip("\n")) if part)


def _honest(text: str) -> Iterator[str]:
    """The sentences that are kept. What follows a command on its line is what the command is about, and goes too."""
    ordered = False
    for sentence in _SENTENCE.findall(text):
        ordered = ordered or _COMMANDS.search(sentence) is not None
        if not ordered and not suspicious(sentence):
            yield sentence
        if sentence.endswith("\n"):
            ordered = False


def suspicious(sentence: str) -> bool:
    """Whether a sentence speaks to a machine, or is nothing but keywords."""
    if _COMMANDS.search(sentence):
        return True
    pieces = sentence.split()
    if len(pieces) < LONG_LIST or re.search(r"[,;:/，；：、]", sentence):
        return False
    return len(_FUNCTION.findall(sentence)) < FUNCTION_SHARE * len(pieces)
