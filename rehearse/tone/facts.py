"""Her own fact as it stands, to be said with a feeling instead of the sting; and who it is that she holds up against him."""

import re
from collections.abc import Mapping

# A longer fact is a story, and a feeling at its end is lost.
LONGEST = 18
LEAST = 3

MOTHER = r"(?:own |poor |old |dear )*(?:mother|mum|mom|mam|mama|mammy|mummy|ma)\b"
_SONS = (
    r"(?:boys?|sons?|lads?|youngest|eldest|oldest|twins|girls?|daughter|husband|fellas?|kids|children|nephew|grandson|engineer|ones?|"
    r"last-born|first-born|mothers?|mums?|moms?|neighbours?|women|granny|nan)"
)
_WHERE = r"(?: (?:next door|upstairs|here|round here|your age|(?:across|down|on|in|at|from) (?:the |my |our |this )?[\w']+))?"
_NO_NAME = (
    "how why when which you your yours mine i we it they that this there what who nobody everybody my one some somebody dont "
    "please never always just"
)
# Slots of the patterns: what opens such news, another and a name, and that nobody but a mother is in what he does.
OTHERS: Mapping[str, str] = {
    "seen": r"(?:even |at least |now |see how |and |but |oh |i (?:hear|heard|see|noticed|look at|think of) |they say |"
    r"you know |saw |i saw |look (?:at|how) )*",
    "other": rf"(?:(?:your|his|her|my|our) (?!{MOTHER})(?:[\w']+ )?[\w']+(?: [\w']+)?(?:'s (?:\w+ )?{_SONS})?"
    r"|(?:the|that|an?|every|some|other|one of the|(?:nobody else|everyone else|everyone|other people|some people)'s) "
    rf"(?:[\w'-]+ ){{0,2}}?{_SONS}{_WHERE}"
    r"|(?:(?:mrs|mr|dr|ms|auntie|aunty|uncle|cousin|tia|ama|sister|brother)\.? )?[^\W\d_]+(?: [^\W\d_]+)?'s "
    rf"(?:\w+ )?{_SONS}|[^\W\d_]+s (?:boy|son|lad|mum|mom|mam)|he|she)",
    "name": rf"(?!(?:{'|'.join(_NO_NAME.split())})\b)[^\W\d_]{{3,}}(?: next door)?",
    "hers": rf"(?!.*\b(?:he|she|they|them|him|himself|herself|wife)\b)(?!.*\b(?:his|her|their) (?!{MOTHER}))",
}

_JOINT = re.compile(r"\s*[,;:]\s+|\s+-+\s+|(?<!\bmrs)(?<!\b[mds][rst])[.!?…]+(?:\s+|$)|\s+(?=(?:and|but)\s)")
# From here on a clause gives reasons, or likens her to something: there the sting is.
_TURN = re.compile(
    r",? \b(?:because|so (?:please|that|as|you|i|we|there|she|he|they|your)|while|since (?:nobody|no one|you)|"
    r"like (?:a|an|the|some|always)|as (?:if|though|always|usual|ever|you|one does)|for (?:what|one|who|when|nothing)\b|"
    r"with these|if|unless|although|though|instead|until you|till you|in case|not that|which|who|whose|rather|without)\b.*"
)
_STING = re.compile(
    r"\b(?:nobody|no one|none|nothing|everything|never|not|no|than|even|only|just|ever|once|anyway|anyone|else|always|too|enough|"
    r"really|strangers?|burial|grave|die|died|dead|death|dying|god|lord|jesus|thank|thanks|proper|decent|real|sorry|idiot|fool|must|"
    r"should|supposed|of course|poor|cannot|blame|fault|ashamed|shame|guess|suppose|least|mine|somebody's|deserve|kill|"
    r"other people's|such|this is|i get|"
    r"interesting|funny|lucky|\w+n't|ungrateful|selfish|servant|maid|slave|apparently|evidently|busy|bother|"
    r"trouble|forgot|forget|remember)\b"
)
# A "you" that something is done for, or that a time is named by, is not accused.
_YOU = re.compile(
    r"\b(?:(?:for|with|to|of|about|from|at|on|after|near|beside|by|see|seeing|hear|hearing|ask|told|raised|carried|had|have|fed|"
    r"bore|held|taught|sent|made|bought|gave|brought|drove|walked|saved|kept|nursed|called|rang|texted|missed|miss|left|birthed|"
    r"dressed|bathed|showed|booked|signed|enrolled|registered|emailed|put|minded|got|wrote|cooked|baked|knitted|sewed|drive|send|"
    r"make|ring|call|text|thought|love|loved) you(?! (?:never|don't|didn't|won't|can't|couldn't|wouldn't|forgot|only|just|still|"
    r"have|had|are|were))"
    r"|you (?:like|liked|love|loved|used to (?:like|love|have))(?= |$)"
    r"|(?:after|when|since|before|while|day|night|morning) you (?:left|went|moved|rang|called|hung up|were \w+))\b"
    r"(?! (?:could|can|would|might|and))"
)


def innocent(words: str) -> str:
    """Return the clauses at the head of a spelled-out sentence that hold no sting, the most of them; empty if there are none.

    :param words: a sentence or clause of hers, in small letters and full spellings.
    """
    kept, end = "", 0
    for place in [*(match.start() for match in _JOINT.finditer(words)), len(words)]:
        piece = words[end:place]
        bare = _TURN.sub("", piece)
        # A remark of her own after another's news is where it turns.
        turns = bool(kept) and not kept.startswith(("i ", "i'")) and re.match(r"[\s,;:-]*(?:and |but )?i\b", bare)
        if turns or _stings(bare) or len(re.findall(r"[\w']+", kept + bare)) > LONGEST:
            break
        kept, end = kept + bare, place
        if bare != piece:
            break
    kept = re.sub(r"(?:[ ,;:-]|\b(?:and|but|so|then|when|where))+$", "", kept).strip()
    return kept if len(kept.split()) >= LEAST else ""


def _stings(piece: str) -> bool:
    return bool(_STING.search(piece)) or "?" in piece or bool(re.search(r"\byou(?:'\w+)?\b", _YOU.sub("", piece)))
