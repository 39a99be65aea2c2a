"""What may be shown of the answers of employees to one question, told anew.

A reference for black-box tests: slow, short, and made from the rules in words, not
from the daemon's source.

- A group is safe with at least k people when of everything that was answered at least
  two people did not answer it. (Texts and comments: the number of people is enough.)
- Each unit of the tree, from the bottom: everything answered in it and below it that is
  not safe as a whole belongs to the unit above. At the top it is not shown.
- A unit that is safe as a whole shows the units directly below it apart as long as all
  that are shown apart are safe and so is its rest, the people that are in none of
  them, if there is anybody. Units below with fewer than k people are never apart; of
  the others the smallest join the rest first (of equal ones, the first by name), and
  no more of them than it takes.
"""

OUTSIDE = 2
K_UNVERIFIED = 10
K_COMMENTS = 10


def is_safe(answers, k, kind="scale"):
    """kind: scale (answers are values), choice (sets of options), or text."""
    if len(answers) < max(k, 1):
        return False
    if kind == "text":
        return True
    said = set().union(*answers) if kind == "choice" else set(answers)
    return all(
        sum((s not in a) if kind == "choice" else (a != s) for a in answers) >= OUTSIDE
        for s in said
    )


def parent_of(unit, units):
    """The nearest declared unit above; the root is ''."""
    while unit:
        unit = unit.rpartition("/")[0]
        if unit in units:
            return unit
    return ""


def counts_under(unit, units):
    """The declared unit that an answer from any unit belongs to."""
    return unit if unit in units else parent_of(unit, units)


def blocks(units, answers, k, kind="scale"):
    """What is shown: {unit: [answers]}, '' for the root. `units` are the declared ones,
    `answers` are (unit, answer) of verified people. A unit that is in the result has a
    block of its own: what was answered in it, but for what other blocks below it have.
    """
    units = set(units) - {""}
    below = {u: [] for u in units | {""}}
    for unit in sorted(units, key=str.encode):
        below[parent_of(unit, units)].append(unit)
    own = {u: [] for u in below}
    for unit, answer in answers:
        own[counts_under(unit, units)].append(answer)
    whole, shown = {}, {}

    def settle(unit):
        apart, rest = [], list(own[unit])
        for child in below[unit]:
            settle(child)
            if len(whole[child]) < k:
                rest += whole[child]
            else:
                apart.append(child)
        whole[unit] = rest + [a for child in apart for a in whole[child]]
        shown[unit] = None
        if not is_safe(whole[unit], k, kind):
            return
        apart.sort(key=lambda child: len(whole[child]))  # stable: then by name
        while not all(shown[child] is not None for child in apart) or (
            rest and not is_safe(rest, k, kind)
        ):
            rest += whole[apart.pop(0)]
        shown[unit] = {unit: rest} if rest else {}
        for child in apart:
            shown[unit].update(shown[child])

    settle("")
    return shown[""] or {}


def block_of(unit, units, shown):
    """The unit whose block holds what was answered in a unit (by anybody at all); None:
    it is not shown."""
    units = set(units) - {""}
    unit = counts_under(unit, units)
    while unit and unit not in shown:
        unit = parent_of(unit, units)
    return unit if unit in shown else None


def sum_of(unit, units, shown):
    """What a filter on the unit gives: the answers of all blocks in its subtree, None
    when there are none (protected)."""
    found = [
        answers
        for name, answers in shown.items()
        if not unit or name == unit or name.startswith(unit + "/")
    ]
    return [a for answers in found for a in answers] if found else None


def unverified(answers, k, kind="scale"):
    """The one block of answers that nobody vouched for, None: it is not shown."""
    answers = list(answers)
    return answers if is_safe(answers, max(k, K_UNVERIFIED), kind) else None


def comment_blocks(units, commenters, k):
    """How many commenters are in which block: {unit: n}."""
    shown = blocks(units, commenters, max(k, K_COMMENTS), "text")
    return {unit: len(people) for unit, people in shown.items()}
