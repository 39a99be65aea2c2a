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

# What json.loads() makes of them; a number with nothing behind the point is an integer too.
TYPES = {"object": {dict}, "array": {list}, "string": {str}, "boolean": {bool},
         "null": {type(None)}, "number": {int, float}, "integer": {int}}
ANNOTATIONS = {"title", "description", "examples", "default", "format", "discriminator"}
KEYWORDS = {"$ref", "type", "const", "enum", "properties", "required", "items", "minItems",
            "maxItems", "minimum", "maximum", "minLength", "maxLength", "pattern", "allOf",
            "anyOf", "oneOf", "additionalProperties", "unevaluatedProperties",
            "propertyNames"}
MEMBERS = {"properties", "required", "additionalProperties", "unevaluatedProperties",
           "propertyNames"}
# Words about a value of one type, and what they ask of it.
BOUNDS = {
    "minimum": ("number", lambda v, least: v >= least),
    "maximum": ("number", lambda v, most: v <= most),
    "minLength": ("string", lambda v, least: len(v) >= least),
    "maxLength": ("string", lambda v, most: len(v) <= most),
    "pattern": ("string", lambda v, pattern: pattern.search(v)),
    "minItems": ("array", lambda v, least: len(v) >= least),
    "maxItems": ("array", lambda v, most: len(v) <= most),
}


def kind_of(content_type):
    return (content_type or "").split(";")[0].strip()


class Document:
    """schema/openapi.json; templates in the order in which an address is looked up."""

    def __init__(self, path=None):
        with open(path or os.path.join(ROOT, "schema", "openapi.json"),
                  encoding="utf-8") as f:
            self.root = json.load(f)
        self.checks = {}
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

    def errors(self, schema, value):
        """How a value differs from a schema: texts, none when it fits."""
        errors = []
        self._check(schema)(value, "", errors, set())
        return errors

    def _check(self, schema):
        """What judges by a schema: (value, at, errors, seen) adds to `errors`, and to
        `seen` the names of the members that something has said a word about. A run asks
        for millions of values, so that a schema is read once; what it does not say is not
        asked for."""
        # With the schema, since its identity is only its own for as long as it lives.
        check, _ = self.checks.get(id(schema), (None, None))
        if check is None:
            check = self._compile(schema)
            self.checks[id(schema)] = check, schema
        return check

    def _compile(self, schema):
        if schema is True:
            return lambda value, at, errors, seen: seen.update(
                value if isinstance(value, dict) else ())
        if schema is False:
            return lambda value, at, errors, seen: errors.append(
                f"{at or '/'}: must not be there")
        steps = [*self._plain(schema)]
        if "$ref" in schema:
            steps.append(self._referred(schema))
        steps += [self._check(part) for part in schema.get("allOf", ())]
        steps += self._choices(schema)
        if MEMBERS & schema.keys():
            steps.append(self._members(schema))
        if "items" in schema:
            steps.append(self._items(self._check(schema["items"])))
        if len(steps) == 1:
            return steps[0]

        def check(value, at, errors, seen):
            for step in steps:
                step(value, at, errors, seen)
        return check

    def _referred(self, schema):
        """Looked up when it is first needed: schemas may refer to each other."""
        target = None

        def check(value, at, errors, seen):
            nonlocal target
            target = target or self._check(self.follow(schema))
            target(value, at, errors, seen)
        return check

    @staticmethod
    def _items(item):
        def check(value, at, errors, seen):
            if isinstance(value, list):
                for i, v in enumerate(value[:ROWS_MAX]):
                    item(v, f"{at}/{i}", errors, set())
        return check

    def _choices(self, schema):
        """Steps of anyOf and oneOf; of an object whose kind is a member's value, that."""
        steps = [self._fitting(word, [self._check(part) for part in schema[word]])
                 for word in ("anyOf", "oneOf") if word in schema]
        chooser = schema.get("discriminator")
        if not chooser:
            return steps
        name = chooser["propertyName"]
        kinds = {kind: self._referred({"$ref": ref})
                 for kind, ref in chooser["mapping"].items()}

        def check(value, at, errors, seen):
            if not isinstance(value, dict):
                for step in steps:
                    step(value, at, errors, seen)
            elif value.get(name) in kinds:
                kinds[value[name]](value, at, errors, seen)
            else:
                errors.append(f"{at}/{name}: is none of them")
        return [check]

    @staticmethod
    def _fitting(word, parts):
        def check(value, at, errors, seen):
            fitting = 0
            best = None
            for part in parts:
                found, names = [], set()
                part(value, at, found, names)
                if not found:
                    fitting += 1
                    seen |= names
                elif best is None or len(found) < len(best):
                    best = found
            if not fitting:
                errors.append(f"{at or '/'}: fits nothing of {word}: {best[:3]}")
            elif fitting > 1 and word == "oneOf":
                errors.append(f"{at or '/'}: fits {fitting} of {word}")
        return check

    def _members(self, schema):
        known = {n: self._check(s) for n, s in schema.get("properties", {}).items()}
        required = schema.get("required", ())
        names = self._check(schema["propertyNames"]) if "propertyNames" in schema else None
        other = self._check(schema["additionalProperties"]) \
            if "additionalProperties" in schema else None
        closed = schema.get("unevaluatedProperties") is False

        def check(value, at, errors, seen):
            if not isinstance(value, dict):
                return
            for name in required:
                if name not in value:
                    errors.append(f"{at}/{name}: is missing")
            for name, member in value.items():
                if names:
                    names(name, f"{at}/{name}", errors, set())
                judge = known.get(name, other)
                if judge:
                    seen.add(name)
                    judge(member, f"{at}/{name}", errors, set())
            if closed:
                errors += [f"{at}/{name}: is not declared" for name in value
                           if name not in seen]
        return check

    @staticmethod
    def _plain(schema):
        """Steps of the words about a value by itself."""
        def step(fits, complaint):
            def check(value, at, errors, seen):
                if not fits(value):
                    errors.append(
                        f"{at or '/'}: {json.dumps(value)[:60]} {complaint}")
            return check

        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        kinds = set().union(*(TYPES[t] for t in types))
        complaint = f"is no {' or '.join(types)}"
        if "integer" in types:
            yield step(lambda v: type(v) in kinds or type(v) is float and v.is_integer(),
                       complaint)
        elif types:
            yield step(lambda v: type(v) in kinds, complaint)
        if "const" in schema:
            yield step(lambda v: v == schema["const"], f"is not {schema['const']!r}")
        if "enum" in schema:
            yield step(lambda v: v in schema["enum"], "is not among the values")
        for word, (of, fits) in BOUNDS.items():
            if word in schema:
                bound = re.compile(schema[word]) if word == "pattern" else schema[word]
                yield step(lambda v, of=TYPES[of], fits=fits, bound=bound:
                           type(v) not in of or fits(v, bound), f"breaks {word}")


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
