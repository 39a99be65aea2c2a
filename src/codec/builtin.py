#!/usr/bin/python3
"""Write the C source that holds survey documents: builtin.py FILE.json... >FILE.c

Without the white space that is for readers. Bytes outside printable ASCII become octal
escapes of three digits, which no following character can prolong.
"""
import json
import sys

COLUMNS = 70


def literal(text):
    """C string literals, one a line, that together are the text."""
    line = ""
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\?':
            char = "\\" + char
        elif not 0x20 <= byte < 0x7f:
            char = f"\\{byte:03o}"
        if len(line) + len(char) > COLUMNS:
            yield f'\t"{line}"'
            line = ""
        line += char
    yield f'\t"{line}"'


def main():
    print("/* Made by src/codec/builtin.py from etc/surveys. */")
    print('#include "codec/builtin.h"\n\n#include <stddef.h>\n')
    print("static const char *const surveys[] = {")
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            document = json.load(f)
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        print("\n".join(literal(text)) + ",")
    print("\tNULL,\n};\n")
    print("const char *const *\nbuiltin_surveys(void)\n{\n\treturn surveys;\n}")


main()
