"""The article's ten practices as a page: what each says in our words, its own phrases quoted, and a situation to try it in."""

from rehearse import article
from rehearse.article import Practice
from rehearse.kinds import kinds
from rehearse.scenario import scenarios
from rehearse.ui.render import button, safe
from rehearse.ui.words import say


def practices() -> str:
    """Return the whole page."""
    items = "".join(_practice(each) for each in article.practices())
    return (
        f'<h2>{safe(say("practices.heading"))}</h2><p class="note">{safe(say("practices.intro", title=article.title()))}</p>'
        f'<ol class="practices">{items}</ol>'
    )


def fitting(number: int) -> str:
    """Return the id of the carried situation that rests on a practice; the first of all if none does."""
    return next((each.id for each in scenarios() if each.practice == number), scenarios()[0].id)


def _practice(told: Practice) -> str:
    offers = "".join(f"<li><q>{safe(offer.text)}</q></li>" for offer in told.offers)
    warns = "".join(
        f"<li><q>{safe(each.text)}</q> <em>{safe(say('check.this', label=kinds()[each.kind].label))}</em></li>"
        for each in told.warns
    )
    offered = f"<h4>{safe(say('practices.offers'))}</h4><ul>{offers}</ul>" if offers else ""
    warned = f"<h4>{safe(say('practices.warns'))}</h4><ul>{warns}</ul>" if warns else ""
    label = say("practices.try_label", short=told.short)
    return (
        f'<li class="card practice-card" id="practice-{told.number}"><h3>{told.number}. {safe(told.section)}</h3>'
        f'<p class="short">{safe(told.short)}</p><p>{safe(told.summary)}</p>'
        f"<p><strong>{safe(say('practices.in_talk'))}</strong> {safe(told.in_talk)}</p>{offered}{warned}"
        f"<p>{button('practise', say('practices.try'), str(told.number), label=label, style='plain')}</p></li>"
    )
