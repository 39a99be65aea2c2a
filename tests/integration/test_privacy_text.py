"""GET /v1/privacy: what is said before the first question, to anybody, in their language,
with the numbers that are in force."""
import json
import re

import pytest

from harness import Client, Daemon, refused

LANGUAGES = ["en", "es", "pl"]


def survey(c, name, audience="employee", **more):
    answer = c.put("/v1/surveys/" + name, {
        "name": name, "audience": audience,
        "questions": [{"name": "q", "metric": "pulse", "text": {"en": "Well?"}}], **more})
    assert answer.status in (200, 201), answer


@pytest.fixture(scope="module")
def world():
    """(daemon, a client without a token)"""
    with Daemon() as d:
        d.start()
        with d.client() as c:
            survey(c, "wave5", period="wave")
            survey(c, "week7", period="week", threshold=7)
            survey(c, "month25", period="month", threshold=25)
            survey(c, "shop", "customer")
        with Client(d, None) as c:
            yield d, c


def ask(c, headers=None, **params):
    answer = c.get("/v1/privacy", headers=headers, **params)
    assert answer.status == 200, answer
    document = answer.json()
    assert set(document) == {"lang", "title", "paragraphs"}
    assert answer.headers["Content-Language"] == document["lang"]
    assert document["title"] and len(document["paragraphs"]) >= 5
    assert not re.search(r"[{}%]", answer.text()[1:-2].replace("\":{", ""))
    return document


def numbers(document):
    return {int(n) for n in re.findall(r"\d+", " ".join(document["paragraphs"]).replace(
        "empowerd-privacy(7)", ""))}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name, said", [
    ("wave5", {5, 10}), ("week7", {7, 10}), ("month25", {25}), ("shop", set()),
    (None, {5, 3, 10})])
def test_the_numbers_are_those_in_force(world, lang, name, said):
    document = ask(world[1], lang=lang, **({"survey": name} if name else {}))
    assert document["lang"] == lang
    assert numbers(document) == said


def test_a_threshold_that_rises_is_said_at_once(world):
    d, c = world
    with d.client() as admin:
        survey(admin, "rising", threshold=6)
        first = c.get("/v1/privacy?survey=rising")
        assert numbers(first.json()) == {6, 10}
        survey(admin, "rising", threshold=11)
    second = c.get("/v1/privacy?survey=rising",
                   headers={"If-None-Match": first.headers["ETag"]})
    assert second.status == 200 and numbers(second.json()) == {11}
    assert second.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("lang, words", [
    ("en", {"wave5": "As long as this round is open", "week7": "of a week before it is over",
            "month25": "of a month before it is over"}),
    ("es", {"wave5": "Mientras esta ronda", "week7": "De una semana", "month25": "De un mes"}),
    ("pl", {"wave5": "ta runda", "week7": "tygodnia", "month25": "miesiąca"})])
def test_when_figures_appear(world, lang, words):
    for name, phrase in words.items():
        text = " ".join(ask(world[1], lang=lang, survey=name)["paragraphs"])
        for other in words.values():
            assert (other in text) == (other == phrase), (name, other)


@pytest.mark.parametrize("promise", [
    "no manager, no analyst, no administrator",
    "all, or all but one, gave the same answer",
    "may be raised, but not lowered",
    "in random order and without a date",
    "only noted that it was used",
    "can find out that it was used",
    "as with an invitation, nobody can find at any time",
    "the code is erased and its key destroyed",
    "the only one of your part to answer",
    "full control of the running server",
    "could add people who do not exist",
    "everybody else in a group reveals",
    "joins or leaves between two periods"])
def test_what_employees_are_told(world, promise):
    assert promise in " ".join(ask(world[1], survey="wave5")["paragraphs"])
    assert promise not in " ".join(ask(world[1], survey="shop")["paragraphs"])


def test_what_customers_are_told(world):
    text = " ".join(ask(world[1], survey="shop")["paragraphs"])
    for words in "What is stored", "a code stands", "without a time limit", "removed":
        assert words in text


@pytest.mark.parametrize("header, lang", [
    ("es", "es"), ("pl-PL,pl;q=0.9,en;q=0.8", "pl"), ("fr,de;q=0.9", "en"),
    ("en;q=0.1,es-419;q=0.2", "es"), ("fr;q=1, *;q=0.5", "en"), ("", "en"),
    ("es;q=0", "en"), (";;q==,,", "en")])
def test_the_language_of_the_browser(world, header, lang):
    document = ask(world[1], headers={"Accept-Language": header})
    assert document["lang"] == lang
    # What is asked for by name wins.
    assert ask(world[1], headers={"Accept-Language": header}, lang="pl")["lang"] == "pl"


def test_a_regional_tag(world):
    assert ask(world[1], lang="es-MX")["lang"] == "es"
    assert ask(world[1], lang="PL")["lang"] == "pl"


def test_it_may_be_kept_and_is_asked_for_again(world):
    _, c = world
    answer = c.get("/v1/privacy?survey=wave5&lang=es")
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert "Accept-Language" in answer.headers["Vary"]
    again = c.get("/v1/privacy?survey=wave5&lang=es",
                  headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304 and again.body == b""
    assert "Accept-Language" in again.headers["Vary"]
    other = c.get("/v1/privacy?survey=wave5&lang=pl",
                  headers={"If-None-Match": answer.headers["ETag"]})
    assert other.status == 200
    head = c.request("HEAD", "/v1/privacy?survey=wave5&lang=es")
    assert head.status == 200 and head.headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize("query, pointer", [
    ("survey=nowhere", "survey"), ("survey=", "survey"), ("lang=fr", "lang"),
    ("lang=", "lang"), ("lang=en&lang=es", "lang"), ("survey=shop&survey=shop", "survey"),
    ("unit=a", "")])
def test_bad_questions(world, query, pointer):
    refused(world[1].get("/v1/privacy?" + query), 422, "invalid", pointer)


def test_the_first_page_leads_there(world):
    page = world[1].get("/").text()
    assert all(world[1].get("/" + link).status == 200
               for link in re.findall(r'href="([^"]+)"', page))
    assert 'href="v1/privacy"' in page


def test_a_bad_escape(world):
    refused(world[1].get("/v1/privacy?survey=%zz"), 400, "bad-request")


def test_a_token_changes_nothing(world):
    d, c = world
    with d.client() as admin:
        assert admin.get("/v1/privacy").body == c.get("/v1/privacy").body


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_depends_on_what_was_answered(world, lang):
    """Else whoever asks twice would see an answer arrive."""
    d, c = world
    before = c.get("/v1/privacy", survey="wave5", lang=lang).body
    with d.client() as admin:
        answer = admin.event({"type": "survey.answered", "data": {
            "survey": "wave5", "respondent": "p", "answers": {"q": 3}}})
        assert answer.status == 201, answer
    assert c.get("/v1/privacy", survey="wave5", lang=lang).body == before
    assert json.loads(before)["lang"] == lang


def test_how_long_it_is_kept():
    with Daemon("retention_customer=730d", "retention_sealed=86401s") as d:
        d.start()
        with d.client() as c:
            survey(c, "work")
            survey(c, "shop", "customer")
        with Client(d, None) as c:
            said = {(name, lang): " ".join(ask(c, survey=name, lang=lang)["paragraphs"])
                    for name in ("work", "shop") for lang in LANGUAGES}
    for lang, (customer, employee) in {
            "en": ("After 730 days the words", "removed after 2 days"),
            "es": ("Al cabo de 730 días", "al cabo de 2 días"),
            "pl": ("Po upływie 730 dni", "po upływie 2 dni")}.items():
        assert customer in said["shop", lang] and employee in said["work", lang]
        assert "730" not in said["work", lang] and "2 d" not in said["shop", lang]
