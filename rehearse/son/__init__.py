"""The role: how open he is, what the voice is told, what he may not say, and his answer."""

from rehearse.son.mood import Mood, Moved
from rehearse.son.ranker import Ranker
from rehearse.son.reply import Son

__all__ = ["Mood", "Moved", "Ranker", "Son"]
