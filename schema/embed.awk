# Turns schema/FILE/NNNN_name.sql into C: one table of migrations per file, in the order
# given. Lines become string literals, so that a compiler's message names one.
FNR == 1 {
	if (NR > 1)
		print "\t},"
	n = split(FILENAME, part, "/")
	if (part[n - 1] != file) {
		if (file != "")
			print "\t{0, 0, 0}\n};"
		else
			print "#include \"store/schema.h\""
		file = part[n - 1]
		printf "\nconst struct migration schema_%s[] = {\n", file
	}
	printf "\t{%d, \"%s\",\n", substr(part[n], 1, 4) + 0, part[n]
}
{
	gsub(/\\/, "\\\\\\\\")
	gsub(/"/, "\\\"")
	printf "\t\"%s\\n\"\n", $0
}
END {
	print "\t},\n\t{0, 0, 0}\n};"
}
