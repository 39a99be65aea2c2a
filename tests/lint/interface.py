#!/usr/bin/python3
"""schema/openapi.json: it is well-formed, and names what the tables name, and no more.

Every route with its method; every parameter of what is read, with its route; every event
type with its members, and which of them it needs; every problem. The tables of the
source are read as text: routes.def, query.c, ingest_fields.c, catalogue.def, errors.def.
"""
import json
import os
import re
import sys

import common

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import openapi  # noqa: E402

PATH = "schema/openapi.json"
report = common.Report("interface")


def text(path):
    """A source without its comments, "" (and a finding) without the file."""
    try:
        with open(os.path.join(common.root(), path), encoding="utf-8") as f:
            report.looked_at += 1
            return re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    except FileNotFoundError:
        report.add(path, 0, "is missing")
        return ""


def differ(what, said, there):
    """One finding per thing that only one of two sets has."""
    for name in sorted(there - said):
        report.add(PATH, 0, f"lacks {what} {name}")
    for name in sorted(said - there):
        report.add(PATH, 0, f"has {what} {name}, which is not there")


# ---- the document itself -----------------------------------------------------------


def walk(node, path, seen):
    """Every schema below a node: its keywords are known, its references lead somewhere."""
    if not isinstance(node, dict):
        if not isinstance(node, bool):
            report.add(PATH, 0, f"{path}: is no schema")
        return
    unknown = set(node) - openapi.KEYWORDS - openapi.ANNOTATIONS
    if unknown:
        report.add(PATH, 0, f"{path}: uses {', '.join(sorted(unknown))}, which is not checked")
    if "$ref" in node:
        seen.add(node["$ref"])
    for word in ("properties",):
        for name, member in node.get(word, {}).items():
            walk(member, f"{path}/{name}", seen)
    for word in ("items", "additionalProperties", "unevaluatedProperties", "propertyNames"):
        if word in node:
            walk(node[word], f"{path}/{word}", seen)
    for word in ("allOf", "anyOf", "oneOf"):
        for i, member in enumerate(node.get(word, ())):
            walk(member, f"{path}/{word}/{i}", seen)
    seen.update(node.get("discriminator", {}).get("mapping", {}).values())


def content(node, path, seen):
    for name, header in node.get("headers", {}).items():
        walk(header.get("schema"), f"{path}/{name}", seen)
    for mime, what in node.get("content", {}).items():
        walk(what.get("schema"), f"{path}/{mime}", seen)


def parameter(document, node, path, seen):
    if "$ref" in node:
        seen.add(node["$ref"])
        node = document.follow(node)
    elif node.get("in") not in ("query", "path", "header") or "name" not in node:
        report.add(PATH, 0, f"{path}: is no parameter")
    if node.get("in") == "path" and node.get("required") is not True:
        report.add(PATH, 0, f"{path}: is in the path, so it is required")
    return node


def operation(document, template, method, node, seen):
    path = f"{method.upper()} {template}"
    for word in ("operationId", "summary", "tags", "responses"):
        if not node.get(word):
            report.add(PATH, 0, f"{path}: has no {word}")
    given = [parameter(document, p, path, seen) for p in node.get("parameters", ())]
    names = [(p["in"], p["name"]) for p in given]
    if len(set(names)) < len(names):
        report.add(PATH, 0, f"{path}: has a parameter twice")
    differ(f"{path}: a parameter", {n for where, n in names if where == "path"},
           set(re.findall(r"\{(\w+)\}", template)))
    content(node.get("requestBody", {}), path, seen)
    for status, response in node.get("responses", {}).items():
        if not re.fullmatch(r"[1-5]\d\d|default", status):
            report.add(PATH, 0, f"{path}: {status} is no status")
        if "$ref" in response:
            seen.add(response["$ref"])
        elif "description" not in response:
            report.add(PATH, 0, f"{path}: {status} has no description")
        content(response, f"{path} {status}", seen)


def structure(document):
    root = document.root
    if not re.fullmatch(r"3\.1\.\d+", root.get("openapi", "")):
        report.add(PATH, 0, "is not OpenAPI 3.1")
    if not {"title", "version"} <= set(root.get("info", {})):
        report.add(PATH, 0, "info lacks a title or a version")
    tags = {t["name"] for t in root.get("tags", ())}
    used, ids, seen = set(), [], set()
    for template, item in root["paths"].items():
        for method, node in item.items():
            operation(document, template, method, node, seen)
            used |= set(node.get("tags", ()))
            ids.append(node.get("operationId"))
    differ("a tag", tags, used)
    if len(set(ids)) < len(ids):
        report.add(PATH, 0, "has an operationId twice")
    parts = root["components"]
    for name, schema in parts["schemas"].items():
        walk(schema, f"schemas/{name}", seen)
    for name, response in parts["responses"].items():
        content(response, f"responses/{name}", seen)
    for name, node in parts["parameters"].items():
        walk(parameter(document, node, f"parameters/{name}", seen).get("schema"),
             f"parameters/{name}", seen)
    differ("a reference", {f"#/components/{kind}/{name}" for kind in
                           ("schemas", "responses", "parameters") for name in parts[kind]},
           seen)
    for name, schema in parts["schemas"].items():
        for example in schema.get("examples", ()):
            for error in document.errors(schema, example):
                report.add(PATH, 0, f"an example of {name}: {error}")


# ---- against the tables ------------------------------------------------------------


def rollups():
    """Names of what is asked, by their enumerators: rollup_names[] of query.c."""
    return dict(re.findall(r'^\t\[(\w+)\] = "(\w+)",', text("src/model/query.c"), flags=re.M))


def routes(document):
    named = {ask: name for ask, name in rollups().items() if ask.startswith("ROLLUP_")}
    there = set()
    for method, path in re.findall(r'^ROUTE\((\w+),\s*"([^"]+)"', text("src/api/routes.def"),
                                   flags=re.M):
        if path == "/v1/rollups/{name}":
            there |= {f"{method} /v1/rollups/{name}" for name in named.values()}
        else:
            there.add(f"{method} {path.replace('{+', '{')}")
    said = {f"{method.upper()} {path}" for path, item in document.root["paths"].items()
            for method in item}
    # A token is called by its number, a suggestion by its id: the word is the same.
    differ("the route", said, there)


def asks():
    """Which parameters are taken by what is asked: parameters[] of query.c, worked out."""
    source = text("src/model/query.c")
    order = re.search(r"enum rollup \{(.*?)\}", text("src/model/query.h"), flags=re.S)
    names = {}
    for entry in (order[1] if order else "").split(","):
        name, _, value = (x.strip() for x in entry.partition("="))
        if name:
            names[name] = names[value] if value else (max(names.values()) + 1 if names else 0)
    names["IN"] = lambda ask: 1 << ask
    for name, value in re.findall(r"^#define (IN_\w+)\s+(.*?)(?<!\\)$",
                                  source, flags=re.M | re.S):
        names[name] = eval(value.replace("\\\n", " "), {}, names)
    table = re.search(r"parameters\[\] = \{(.*?)\n\};", source, flags=re.S)
    for name, value in re.findall(r'\{"(\w+)",\s*([^{}]*?),\s*set_\w+,',
                                  table[1] if table else "", flags=re.S):
        taken = eval(" ".join(value.split()), {}, names)
        for ask, called in rollups().items():
            yield ask, called, name, bool(taken >> names[ask] & 1)


def path_of_ask(ask, name, paths):
    """Where it is asked: asks[] of api/asks.c, or the rollup's own address."""
    if ask.startswith("ROLLUP_"):
        return "/v1/rollups/" + name
    found = paths.get(ask)
    return found.replace("{+", "{") if found else None


def parameters(document):
    paths = dict(re.findall(r'\[(\w+)\] = \{"([^"]+)"', text("src/api/asks.c")))
    there, said = set(), set()
    places = set()
    for ask, name, parameter_name, taken in asks():
        place = path_of_ask(ask, name, paths)
        if place is None:
            continue
        places.add(place)
        if taken:
            there.add(f"{parameter_name} of {place}")
    # The unit of one suggestion is its own.
    for place in places & set(document.root["paths"]):
        for node in document.root["paths"][place]["get"].get("parameters", ()):
            node = document.follow(node)
            if node["in"] == "query":
                said.add(f"{node['name']} of {place}")
    if not there:
        report.add("src/model/query.c", 0, "has no table of parameters")
    differ("the parameter", said, there)


def members(document, schema):
    """(names, needed names) of an object's schema, with all it is made of."""
    names, needed = set(schema.get("properties", {})), set(schema.get("required", ()))
    for part in [schema] * ("$ref" in schema) + list(schema.get("allOf", ())):
        more, wanted = members(document, document.follow(part))
        names |= more
        needed |= wanted
    return names, needed


def fields():
    """Type: (members, needed members), as ingest_fields.c has them."""
    source = text("src/codec/ingest_fields.c").replace("\\\n", " ")
    named = {id_: name for id_, name in re.findall(
        r'^FIELD\(\d+,\s*(\w+),\s*"([^"]+)"', text("src/codec/ingest_fields.def"),
        flags=re.M)}
    sets = {}

    def worked_out(expression):
        found = {named[x] for x in re.findall(r"\bF\((\w+)\)", expression)}
        for word in re.findall(r"\b[A-Z_]{3,}\b", re.sub(r"F\(\w+\)", "", expression)):
            found |= sets[word]
        return found

    for name, value in re.findall(r"^#define ([A-Z_]+)\s+(\(.*?\))$", source, flags=re.M):
        if "F(" in value and name not in ("F",):
            sets[name] = worked_out(value)
    table = source[source.index("ingest_types["):] if "ingest_types[" in source else ""
    for type_, every, needed in re.findall(
            r"\[EVENT_(\w+)\] = \{([^{},]*),([^{}]*?)\},", table, flags=re.S):
        yield type_, worked_out(every), worked_out(needed)


def events(document):
    schemas = document.root["components"]["schemas"]
    types = dict(re.findall(r'^TYPE\((\w+),\s*"([^"]+)"', text("src/model/catalogue.def"),
                            flags=re.M))
    mapping = schemas["event"]["discriminator"]["mapping"]
    differ("the event type", set(mapping), set(types.values()))
    differ("in oneOf", {part["$ref"] for part in schemas["event"]["oneOf"]},
           set(mapping.values()))
    looked_at = set()
    for type_, every, needed in fields():
        if type_ not in types or types[type_] not in mapping:
            continue
        name = types[type_]
        looked_at.add(name)
        event = document.follow({"$ref": mapping[name]})
        if event["properties"]["type"].get("const") != name:
            report.add(PATH, 0, f"{mapping[name]} is not of type {name}")
        if not event.get("examples"):
            report.add(PATH, 0, f"has no example of {name}")
        said, wanted = members(document, event["properties"]["data"])
        differ(f"{name}: the member", said, every)
        differ(f"{name}: the needed member", wanted, needed)
    differ("members of", set(looked_at), set(types.values()))


def problems(document):
    found = json.dumps(document.root["components"]["responses"])
    # What never reaches a client as itself.
    inside = {"OK", *re.findall(r"case EMP_(\w+):", text("src/http/problem.c"))}
    for name, slug, status in re.findall(r'^ERR\((\w+),\s*"([^"]+)",\s*(\d+)',
                                         text("src/base/errors.def"), flags=re.M):
        if name not in inside and not re.search(rf"(?<![\w-]){slug}(?![\w-])", found):
            report.add(PATH, 0, f"lacks the problem {slug} ({status})")


def main():
    path = os.path.join(common.root(), PATH)
    try:
        document = openapi.Document(path)
        report.looked_at += 1
    except (OSError, ValueError) as error:
        report.add(PATH, 0, f"cannot be read: {error}")
        report.finish()
    structure(document)
    routes(document)
    parameters(document)
    events(document)
    problems(document)
    report.finish()


main()
