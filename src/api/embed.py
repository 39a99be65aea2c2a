#!/usr/bin/python3
"""Write the C source that holds a JSON document: embed.py FILE.json >FILE.c

Without the white space that is for readers.
"""
import json
import sys

COLUMNS = 12


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        document = json.load(f)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
    data = text.encode("utf-8")
    print("/* Made by src/api/embed.py from schema/openapi.json. */")
    print('#include "api/openapi.h"\n')
    print("const unsigned char openapi_text[] = {")
    for i in range(0, len(data), COLUMNS):
        print("\t" + ", ".join(str(b) for b in data[i:i + COLUMNS]) + ",")
    print("};\n\nconst size_t openapi_bytes = sizeof openapi_text;")


main()
