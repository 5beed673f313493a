#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{if .app}}y{{else}}n{{end}}{{if .none}}y{{else}}n{{end}}{{if .empty}}y{{end}}", "yn"},
	{"{{if eq .level \"INFO\"}}i{{else if eq .level \"WARN\" \"X\"}}w{{else}}o{{end}}", "w"},
	{"{{with .n}}{{.}}{{$.app}}{{end}}{{with .none}}x{{else}}-{{end}}", "42Shop-"},
	{"{{with .none}}x{{else with .n}}{{.}}{{end}}", "42"},
	{"{{with $v := .n}}{{$v}}{{end}}", "42"},
	{"{{range $i, $e := splitList \",\" \"a,b,c\"}}{{$i}}={{$e}};{{end}}", "0=a;1=b;2=c;"},
	{"{{range list 1 2 3}}{{.}}{{if eq . 2}}{{break}}{{end}},{{end}}", "1,2"},
	{"{{range list 1 2 3}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}", "13"},
	{"{{range list}}x{{else}}none{{end}}", "none"},
	{"{{range 3}}{{.}}{{end}}", "012"},
	{"{{range $k, $v := dict \"b\" 1 \"a\" 2}}{{$k}}{{$v}} {{end}}", "a2 b1 "},
	{"{{range $k, $v := .}}{{$k}},{{end}}", "Entry,Value,app,level,n,x-y,"},
	{"{{range .app}}x{{end}}", "!"},
	{"{{$x := 1}}{{if true}}{{$x = 2}}{{$y := 3}}{{end}}{{$x}}", "2"},
	{"{{range until 100000}}{{range until 100000}}x{{end}}{{end}}", "!"},
	{"{{range 10000000000}}{{end}}", "!"},
	{"{{until 100000000}}", "!"},
	{"{{repeat 100000000 \"abc\"}}", "!"},
	{"{{printf \"%999999999d\" 1}}", "%!(NOVERB)%!(EXTRA int=1)"},
	{"{{$x := \"abcdefgh\"}}{{range 64}}{{$x = cat $x $x}}{{end}}{{len $x}}", "!"},
	{"{{$d := dict}}{{$e := set $d \"d\" $d}}{{$d}}{{toJson $d}}", "!"},

};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
