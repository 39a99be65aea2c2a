#!/usr/bin/python3
"""Write the C source that holds the texts: texts.py texts.def LANGUAGE.json... >FILE.c

Every language has every text, with the same places to be filled; or there is no source.
"""
import json
import os
import re
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        table = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    keys = re.findall(r'TEXT\(\w+, "([^"]+)"\)', table)
    texts = {}
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as f:
            texts[os.path.basename(path).removesuffix(".json")] = json.load(f)
    first = next(iter(texts.values()))
    for language, of in texts.items():
        for key in sorted(set(keys) ^ set(of)):
            sys.exit(f"texts.py: {language}: {key} is only in one of table and file")
        for key, text in of.items():
            if sorted(set(re.findall(r"{\w+}", text))) != \
                    sorted(set(re.findall(r"{\w+}", first[key]))):
                sys.exit(f"texts.py: {language}: {key} has other places to fill")
    print("/* Made by src/web/texts.py from i18n. */")
    print('#include "web/texts.h"\n')
    print("const char *const texts_data[LANG_COUNT][TEXT_COUNT] = {")
    for language, of in texts.items():
        print(f"\t[LANG_{language.upper()}] = {{")
        for key in keys:
            print(f"\t\t{json.dumps(of[key], ensure_ascii=False)},")
        print("\t},")
    print("};")


main()
