"""The OpenAPI document as a judge: which routes, statuses and bodies it declares.

Every answer that a test gets through harness.Client is recorded, and when the run ends
conftest.py asks Record.findings(): an answer that schema/openapi.json does not declare
fails the run. The validator knows the part of JSON Schema that the document uses;
tests/lint/interface.py holds the document to that part.
"""
import json
import os
import re
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("top_srcdir", os.path.join(HERE, ".."))

# Figures come in thousands of equal rows: so much of a body, and so many bodies of one
# kind, tell what there is to tell.
BODY_MAX = 65536
BODIES_MAX = 25
ROWS_MAX = 200

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool)
    or isinstance(v, float) and v.is_integer(),
}
ANNOTATIONS = {"title", "description", "examples", "default", "format", "discriminator"}
KEYWORDS = {"$ref", "type", "const", "enum", "properties", "required", "items", "minItems",
            "maxItems", "minimum", "maximum", "minLength", "maxLength", "pattern", "allOf",
            "anyOf", "oneOf", "additionalProperties", "unevaluatedProperties",
            "propertyNames"}


def kind_of(content_type):
    return (content_type or "").split(";")[0].strip()


class Document:
    """schema/openapi.json; templates in the order in which an address is looked up."""

    def __init__(self, path=None):
        with open(path or os.path.join(ROOT, "schema", "openapi.json"),
                  encoding="utf-8") as f:
            self.root = json.load(f)
        self.patterns = [(re.compile(self._pattern(t) + r"\Z"), t)
                         for t in sorted(self.root["paths"],
                                         key=lambda t: (t.count("{"), -len(t)))]

    def _pattern(self, template):
        """An id and a unit may have slashes; what the last one is followed by is fixed."""
        return "".join(
            part if not part.startswith("{") else
            ".+" if part in ("{id}", "{path}") else "[^/]+"
            for part in re.split(r"(\{\w+\})", template.replace(".", r"\.")))

    def template(self, path):
        """The route of a path; None: there is none."""
        for pattern, template in self.patterns:
            if pattern.match(path):
                return template
        return None

    def follow(self, node):
        """What a node is, references followed; members beside one are kept."""
        while isinstance(node, dict) and "$ref" in node:
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operation(self, method, template):
        return self.root["paths"][template].get(
            "get" if method == "HEAD" else method.lower())

    def response(self, operation, status):
        """What is declared for a status; None: nothing."""
        declared = operation["responses"]
        if str(status) in declared:
            return self.follow(declared[str(status)])
        other = self.follow(declared.get("default", {}))
        return other if status in other.get("x-statuses", ()) else None

    def errors(self, schema, value, at=""):
        """How a value differs from a schema: texts, none when it fits."""
        found, _ = self._check(schema, value, at)
        return found

    def _check(self, schema, value, at):
        """(errors, names of the members that something has said a word about)."""
        if schema is True:
            return [], set(value) if isinstance(value, dict) else set()
        if schema is False:
            return [f"{at or '/'}: must not be there"], set()
        errors, seen = self._plain(schema, value, at)
        if "$ref" in schema:
            self._add(errors, seen, self._check(self.follow(schema), value, at))
        for part in schema.get("allOf", ()):
            self._add(errors, seen, self._check(part, value, at))
        self._choose(schema, value, at, errors, seen)
        if isinstance(value, dict):
            self._members(schema, value, at, errors, seen)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value[:ROWS_MAX]):
                errors += self._check(schema["items"], item, f"{at}/{i}")[0]
        return errors, seen

    @staticmethod
    def _add(errors, seen, found):
        errors += found[0]
        seen |= found[1]

    def _choose(self, schema, value, at, errors, seen):
        chooser = schema.get("discriminator")
        if chooser and isinstance(value, dict):
            ref = chooser["mapping"].get(value.get(chooser["propertyName"]))
            if ref:
                self._add(errors, seen, self._check({"$ref": ref}, value, at))
            else:
                errors.append(f"{at}/{chooser['propertyName']}: is none of them")
            return
        for word, least, most in (("anyOf", 1, None), ("oneOf", 1, 1)):
            if word not in schema:
                continue
            results = [self._check(part, value, at) for part in schema[word]]
            fitting = [names for found, names in results if not found]
            for names in fitting:
                seen |= names
            if len(fitting) < least:
                best = min((found for found, _ in results), key=len)
                errors.append(f"{at or '/'}: fits nothing of {word}: {best[:3]}")
            elif most and len(fitting) > most:
                errors.append(f"{at or '/'}: fits {len(fitting)} of {word}")

    def _members(self, schema, value, at, errors, seen):
        known = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                errors.append(f"{at}/{name}: is missing")
        for name, member in value.items():
            if "propertyNames" in schema:
                errors += self._check(schema["propertyNames"], name, f"{at}/{name}")[0]
            if name in known:
                seen.add(name)
                errors += self._check(known[name], member, f"{at}/{name}")[0]
            elif "additionalProperties" in schema:
                seen.add(name)
                errors += self._check(schema["additionalProperties"], member,
                                      f"{at}/{name}")[0]
        if schema.get("unevaluatedProperties") is False:
            errors += [f"{at}/{name}: is not declared" for name in value
                       if name not in seen]

    @staticmethod
    def _plain(schema, value, at):
        at = at or "/"
        errors = []
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(TYPES[t](value) for t in types):
            errors.append(f"{at}: {json.dumps(value)[:60]} is no {' or '.join(types)}")
        if "const" in schema and value != schema["const"]:
            errors.append(f"{at}: {json.dumps(value)[:60]} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            errors.append(f"{at}: {json.dumps(value)[:60]} is not among the values")
        for word, fits, of in (
                ("minimum", lambda v, m: v >= m, TYPES["number"]),
                ("maximum", lambda v, m: v <= m, TYPES["number"]),
                ("minLength", lambda v, m: len(v) >= m, TYPES["string"]),
                ("maxLength", lambda v, m: len(v) <= m, TYPES["string"]),
                ("pattern", lambda v, m: re.search(m, v), TYPES["string"]),
                ("minItems", lambda v, m: len(v) >= m, TYPES["array"]),
                ("maxItems", lambda v, m: len(v) <= m, TYPES["array"])):
            if word in schema and of(value) and not fits(value, schema[word]):
                errors.append(f"{at}: {json.dumps(value)[:60]} breaks {word}")
        return errors, set()


class Record:
    """Answers of a run, one of each kind, and what is wrong with them."""

    def __init__(self):
        self.kinds = {}
        self.document = None

    def add(self, method, target, status, content_type, sent, got, base=""):
        """`sent`: the JSON text of a request, None when it is something else; `base`:
        what the daemon has before each path."""
        path, _, query = target.partition("?")
        path = urllib.parse.unquote(path)
        if base:
            path = path.removeprefix(base) or "/" if path.startswith(base) else "/outside"
        # With the names of the parameters: each changes what an answer looks like.
        names = tuple(sorted({p.split("=")[0] for p in query.split("&") if p}))
        key = (method, self.place(path), status, kind_of(content_type), names)
        kept = self.kinds.setdefault(key, [])
        if len(kept) < BODIES_MAX and len(got) <= BODY_MAX and len(sent or b"") <= BODY_MAX:
            kept.append((os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0], path,
                         sent if 200 <= status < 300 else None, got))

    def place(self, path):
        if self.document is None:
            self.document = Document()
        return self.document.template(path)

    def findings(self):
        """What the document does not declare; once, however often it came."""
        found = {}
        for (method, template, status, mime, _), kept in self.kinds.items():
            for test, path, sent, got in kept or [("", "", None, None)]:
                what = f"{method} {template or path} {status} {mime}: "
                for error in self._judge(method, template, status, mime, sent, got):
                    alike = re.sub(r"/\d+", "/0", error.split(": ")[0])
                    found.setdefault((what, alike), f"{what}{error} ({test})")
        return sorted(found.values())

    def _judge(self, method, template, status, mime, sent, got):
        d = self.document
        if template is None:
            return [] if status in (401, 404, 400, 414) else ["there is no such route"]
        operation = d.operation(method, template)
        if operation is None:
            fine = status in (405, 501) or method == "OPTIONS" and status in (200, 204)
            return [] if fine else ["there is no such method"]
        response = d.response(operation, status)
        if response is None:
            return ["the status is not declared"]
        content = response.get("content", {})
        if method == "HEAD" or status in (204, 304):
            return []
        if mime not in content:
            return ["the media type is not declared"]
        errors = []
        if mime.endswith("json") and got is not None:
            errors += d.errors(content[mime]["schema"], json.loads(got))
        if sent is not None:
            errors += self._judge_sent(operation, sent)
        return errors

    def _judge_sent(self, operation, sent):
        """What was taken is what the document says may be sent."""
        body = operation.get("requestBody")
        try:
            value = json.loads(sent)
        except (ValueError, RecursionError):  # a batch with bad items in it
            return []
        # Of many events some are bad on purpose.
        if body is None or not isinstance(value, dict):
            return []
        return ["sent " + e for e in
                self.document.errors(body["content"]["application/json"]["schema"], value)]


RECORD = Record()
