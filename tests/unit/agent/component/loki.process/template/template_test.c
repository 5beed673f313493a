#include "agent/base/buf.h"
#include "agent/component/loki.process/template/template.h"
#include "agent/flow/labels.h"
#include "tests/test.h"

/* The data is {app="Shop", level="WARN", n="42", x-y="dash"} and .Value, .Entry; what Go's
 * text/template gives. "!": it fails; "! text": it is refused. */
static const struct {
	const char *text;
	const char *want;
} cases[] = {
	/* text and markers */
	{"plain", "plain"},
	{"", ""},
	{"a {{.app}} b", "a Shop b"},
	{"a  {{- .app -}}  b", "aShopb"},
	{"a {{/* no */}} b", "a  b"},
	{"a {{- /* no */ -}} b", "ab"},
	{"{{ .app }}}", "Shop}"},
	{"{{\"}}\"}}", "}}"},
	/* values */
	{"{{.Value}}|{{.Entry}}|{{.none}}|{{.level}}", "val|the line|<no value>|WARN"},
	{"{{1}} {{-2}} {{0x10}} {{1.50}} {{1e6}} {{1e-7}} {{123456.5}} {{'a'}} {{true}}",
		"1 -2 16 1.5 1e+06 1e-07 123456.5 97 true"},
	{"{{\"a\\tb\\u00e9\\x41\\101\"}} {{`raw\\n`}}", "a\tb\xc3\xa9"
							"AA raw\\n"},
	{"{{index . \"x-y\"}} {{index . \"none\"}}", "dash <no value>"},
	{"{{(index . \"app\")}} {{(.app)}}", "Shop Shop"},
	{"{{$.app}} {{$x := .n}}{{$x}} {{$x = .app}}{{$x}}", "Shop 42 Shop"},
	{"{{.app.b}}", "!"},
	{"{{.none.b}}", "!"},
	/* control */
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
	/* pipelines */
	{"{{.app | ToLower | printf \"%s-%s\" .n}}", "42-shop"},
	{"{{ToUpper (TrimPrefix .app \"S\")}}", "HOP"},
	{"{{.app | 1}}", "! template: pipeline_template:1: non executable command in pipeline"},
	{"{{1 2}}", "!"},
	/* comparison */
	{"{{and .app .none}} {{and .app .n}} {{or .none .app}} {{or .none .empty}} {{not .app}}",
		"<no value> 42 Shop <no value> false"},
	{"{{and false (fail \"x\")}}{{or true (fail \"x\")}}", "falsetrue"},
	{"{{eq .n \"42\"}} {{ne .n \"42\"}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1.5 "
	 "2.5}}",
		"true false true true true false"},
	{"{{eq .none \"x\"}} {{ne .none \"x\"}} {{eq .none .none}}", "false true true"},
	{"{{eq .n 42}}", "!"},
	{"{{lt .none 1}}", "!"},
	{"{{len .app}} {{len (list 1 2)}}", "4 2"},
	{"{{slice .app 1 3}} {{slice (list 1 2 3) 1}} {{index (list 7 8) 1}} {{index .app 0}}",
		"ho [2 3] 8 83"},
	{"{{slice .app 3 9}}", "!"},
	/* print */
	{"{{print 1 2 \"a\" \"b\" 3}} {{println \"a\" 1}}", "1 2ab3 a 1\n"},
	{"{{printf \"%5d|%-5d|%05d|%x|%q|%v|%t|%c|%%\" 42 42 -42 255 \"a\\\"b\" 1.5 true 65}}",
		"   42|42   |-0042|ff|\"a\\\"b\"|1.5|true|A|%"},
	{"{{printf \"%.2f %8.3f|%e|%.2s|%6s|%-6s|%X\" 1.005 2.5 1.5 \"abc\" \"\xc3\xa9\" \"b\" "
	 "\"hi\"}}",
		"1.00    2.500|1.500000e+00|ab|     \xc3\xa9|b     |6869"},
	{"{{printf \"%d %s\" \"x\" 1}} {{printf \"%d\"}} {{printf \"a\" 1}} {{printf \"%\"}}",
		"%!d(string=x) %!s(int=1) %!d(MISSING) a%!(EXTRA int=1) %!(NOVERB)"},
	{"{{list 1 \"a\" true}} {{dict \"k\" \"v\"}}", "[1 a true] map[k:v]"},
	/* Alloy's */
	{"{{Replace .app \"o\" \"0\" -1}} {{Replace \"aaa\" \"a\" \"b\" 2}} {{Replace \"ab\" \"\" "
	 "\"-\" -1}}",
		"Sh0p bba -a-b-"},
	{"{{Trim \" xax \" \" x\"}}|{{TrimLeft \"xxa\" \"x\"}}|{{TrimRight \"axx\" \"x\"}}|"
	 "{{TrimSpace \"\\t a\\u00a0\"}}|{{TrimSuffix \"a.log\" \".log\"}}",
		"a|a|a|a|a"},
	{"{{Hash \"salt\" .Value}}",
		"c25afe845adc73fc77b2c25bc0be40cf7d82c46657d13b385aa58955b59bcbd4"},
	{"{{Sha2Hash \"salt\" .Value}}",
		"c301861463d4b518e54028a68a9d77e44f36f680b4686a0cb06e199dcda4c0d8"},
	{"{{regexReplaceAll \"(a*)b\" \"aabxb\" \"${1}-\"}} {{regexReplaceAllLiteral \"b\" \"abb\" "
	 "\"$1\"}}",
		"aa-x- a$1$1"},
	{"{{regexReplaceAll \"(\" \"a\" \"b\"}}", "!"},
	{"{{ToLower .none}}", "!"},
	{"{{ToLower 1}}", "!"},
	{"{{ToLower}}", "!"},
	{"{{ToLower .app .n}}", "!"},
	{"{{ToUpper \"stra\xc3\x9f"
	 "e \xc3\xa9\"}}",
		"STRA\xc3\x9f"
		"E \xc3\x89"},
	/* sprig's */
	{"{{substr 0 2 .app}}|{{substr -1 2 .app}}|{{substr 1 -1 .app}}|{{trunc 2 .app}}|{{trunc "
	 "-2 "
	 ".app}}",
		"Sh|Sh|hop|Sh|op"},
	{"{{.none | default \"d\"}} {{.app | default \"d\"}} {{default \"d\" .empty}} {{coalesce "
	 ".none \"\" 3}}",
		"d Shop d 3"},
	{"{{ternary \"y\" \"n\" (eq 1 1)}} {{empty .none}} {{all 1 2 0}} {{any 0 1}}",
		"y true false true"},
	{"{{upper \"a\"}}{{lower \"B\"}}{{title \"ab cd\"}}{{untitle \"Ab\"}}{{swapcase \"aB\"}}",
		"AbAb CdabAb"},
	{"{{trim \" a \"}}|{{trimAll \"-\" \"-a-\"}}|{{trimPrefix \"a\" \"ab\"}}|{{trimSuffix "
	 "\"b\" "
	 "\"ab\"}}|{{nospace \"a b\"}}",
		"a|a|b|a|ab"},
	{"{{contains \"ho\" .app}} {{hasPrefix \"S\" .app}} {{hasSuffix \"x\" .app}}",
		"true true false"},
	{"{{quote \"a\" 1}} {{squote \"a\"}} {{cat 1 \"b\"}} {{repeat 3 \"ab\"}}",
		"\"a\" \"1\" 'a' 1 b ababab"},
	{"{{indent 2 \"a\\nb\"}}|{{nindent 1 \"a\"}}|{{replace \"a\" \"b\" \"aa\"}}",
		"  a\n  b|\n a|bb"},
	{"{{b64enc \"hi\"}} {{b64dec \"aGk=\"}} {{b64dec \"?\"}} {{sha256sum \"a\"}} {{adler32sum "
	 "\"a\"}}",
		"aGk= hi illegal base64 data "
		"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb 6422626"},
	{"{{add 1 2 3}} {{sub 5 .n}} {{mul 2 3}} {{div 7 2}} {{mod 7 2}} {{add1 .n}} {{max 1 5 3}} "
	 "{{min 2 1}}",
		"6 -37 6 3 1 43 5 1"},
	{"{{div 1 0}}", "!"},
	{"{{addf 1.5 1}} {{mulf 2 1.5}} {{divf 1 4}} {{subf 1 0.5}} {{floor 1.7}} {{ceil 1.2}} "
	 "{{round 1.256 2}}",
		"2.5 3 0.25 0.5 1 2 1.26"},
	{"{{int \"7\"}} {{int \"x\"}} {{atoi \"12\"}} {{float64 \"1.5\"}} {{toString 12}} {{int64 "
	 "1.9}}",
		"7 0 12 1.5 12 1"},
	{"{{join \",\" (list 1 2)}} {{first (list 1 2)}} {{last (list 1 2)}} {{rest (list 1 2)}} "
	 "{{initial (list 1 2)}} {{reverse (list 1 2)}} {{append (list 1) 2}} {{has 1 (list 1)}}",
		"1,2 1 2 [2] [1] [2 1] [1 2] true"},
	{"{{(split \"/\" \"a/b/c\")._1}} {{(splitn \"/\" 2 \"a/b/c\")._1}} {{until 3}}",
		"b b/c [0 1 2]"},
	{"{{$d := dict \"a\" 1}}{{$e := set $d \"b\" 2}}{{$d.b}} {{get $d \"z\"}} {{hasKey $d "
	 "\"a\"}} "
	 "{{keys $d}} {{values $d}} {{get . \"app\"}}",
		"2  true [a b] [1 2] Shop"},
	{"{{(fromJson \"{\\\"a\\\":[1,{\\\"b\\\":\\\"c\\\"}]}\").a}} {{toJson (dict \"a\" (list 1 "
	 "\"x\" nil))}}",
		"[1 map[b:c]] {\"a\":[1,\"x\",null]}"},
	{"{{(index (fromJson .json).a 0).b}}", "!"},
	{"{{regexMatch \"^S\" .app}} {{regexFind \"[a-z]+\" .app}} {{regexQuoteMeta \"a.b\"}}",
		"true hop a\\.b"},
	{"{{kindOf 1}} {{kindOf .app}} {{kindIs \"string\" .app}}", "int string true"},
	/* refused */
	{"{{nope}}", "! template: pipeline_template:1: nope: function not defined"},
	{"a\n{{now}}", "! template: pipeline_template:2: now: this function is not supported here"},
	{"{{if .a}}", "! template: pipeline_template:1: unexpected EOF"},
	{"{{end}}", "! template: pipeline_template:1: unexpected {{end}} or {{else}}"},
	{"{{else}}", "! template: pipeline_template:1: unexpected {{end}} or {{else}}"},
	{"{{if .a}}{{else}}{{else}}{{end}}", "! template: pipeline_template:1: unexpected "
					     "{{else}}"},
	{"{{.a", "! template: pipeline_template:1: unexpected text in an action"},
	{"{{}}", "! template: pipeline_template:1: missing value for command"},
	{"{{.a |}}", "! template: pipeline_template:1: missing value for command"},
	{"{{\"a}}", "! template: pipeline_template:1: unterminated quoted string"},
	{"{{`a}}", "! template: pipeline_template:1: unterminated raw quoted string"},
	{"{{/* a}}", "! template: pipeline_template:1: unclosed comment"},
	{"{{$x}}", "! template: pipeline_template:1: x is an undefined variable"},
	{"{{(1}}", "! template: pipeline_template:1: unclosed left paren"},
	{"{{1x}}", "! template: pipeline_template:1: 1x: bad number syntax"},
	{"{{nil}}", "! template: pipeline_template:1: nil is not a command"},
	{"{{break}}", "! template: pipeline_template:1: break or continue outside {{range}}"},
	{"{{define \"x\"}}{{end}}",
		"! template: pipeline_template:1: define: this action is not supported here"},
	{"{{\"\\z\"}}", "! template: pipeline_template:1: unknown escape sequence"},
	{"{{'ab'}}", "! template: pipeline_template:1: malformed character constant"},
	{"{{.a!}}", "! template: pipeline_template:1: !: unexpected character in operand"},
	/* without end */
	{"{{range until 100000}}{{range until 100000}}x{{end}}{{end}}", "!"},
	{"{{range 10000000000}}{{end}}", "!"},
	{"{{until 100000000}}", "!"},
	{"{{repeat 100000000 \"abc\"}}", "!"},
	{"{{printf \"%999999999d\" 1}}", "%!(NOVERB)"},
	{"{{$x := \"abcdefgh\"}}{{range 64}}{{$x = cat $x $x}}{{end}}{{len $x}}", "!"},
	{"{{$d := dict}}{{$e := set $d \"d\" $d}}{{$d}}{{toJson $d}}", "!"},
};

static const struct labels *make_data(void)
{
	static const struct label v[] = {{{"app", 3}, {"Shop", 4}}, {{"level", 5}, {"WARN", 4}},
		{{"n", 1}, {"42", 2}}, {{"x-y", 3}, {"dash", 4}}};

	return labels_intern(v, 4);
}

static void test_cases(void **state)
{
	const struct labels *set = make_data();
	struct extracted x = {0};
	int wrong = 0;

	(void)state;
	extracted_init(&x, set);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct template_data data = {&x, STR("val"), STR("the line")};
		struct template *t;
		struct arena a;
		struct str out;
		struct err e;

		arena_init(&a, 0);
		t = template_new(str_from(cases[i].text), &e);
		if (!t)
			out = arena_printf(&a, "! %s", e.text);
		else if (!template_run(t, &data, &a, &out))
			out = STR("!");
		if (!str_is(out, cases[i].want)) {
			print_message("%s\n gives " STR_FMT "\n want  %s\n", cases[i].text,
				STR_ARG(out), cases[i].want);
			wrong++;
		}
		template_free(t);
		arena_fini(&a);
	}
	extracted_fini(&x);
	labels_release(set);
	assert_int_equal(wrong, 0);
}

/* Nested deeper than is allowed, and longer. */
static void test_too_much(void **state)
{
	struct buf text = {0};
	struct err e;

	(void)state;
	for (int i = 0; i < 60; i++)
		buf_printf(&text, "{{if 1}}");
	assert_null(template_new(buf_str(&text), &e));
	assert_non_null(strstr(e.text, "nested too deeply"));
	buf_clear(&text);
	buf_printf(&text, "{{");
	for (int i = 0; i < 60; i++)
		buf_add_char(&text, '(');
	assert_null(template_new(buf_str(&text), &e));
	assert_non_null(strstr(e.text, "nested too deeply"));
	for (int i = 0; i < TEMPLATE_MAX; i++)
		buf_add_char(&text, 'x');
	assert_null(template_new(buf_str(&text), &e));
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_too_much))
