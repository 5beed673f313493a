#include "agent/options.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/cli.h"
#include "tests/test.h"

static void show(struct buf *b, const struct options *o)
{
	static const char *const names[] = {
		"run", "validate", "fmt", "convert", "default-config", "version", "help", "docs"};

	buf_printf(b, "%s", names[o->command]);
	if (o->topic)
		buf_printf(b, " topic=%s", o->topic);
	if (o->path)
		buf_printf(b, " path=%s", o->path);
	if (o->dry_run[0])
		buf_printf(b, " dry=%s", o->dry_run);
	if (o->once)
		buf_printf(b, " once");
	if (o->write)
		buf_printf(b, " write");
	if (o->test)
		buf_printf(b, " test");
	if (strcmp(o->source_format, "promtail") != 0)
		buf_printf(b, " format=%s", o->source_format);
	if (o->output)
		buf_printf(b, " output=%s", o->output);
	if (o->report)
		buf_printf(b, " report=%s", o->report);
	if (o->extra_args)
		buf_printf(b, " args=%s", o->extra_args);
	if (o->bypass_errors)
		buf_printf(b, " bypass");
	if (o->help)
		buf_printf(b, " help");
	if (strcmp(o->listen_addr, "127.0.0.1:12345") != 0)
		buf_printf(b, " addr=%s", o->listen_addr);
	if (strcmp(o->storage_path, "data-alloy/") != 0)
		buf_printf(b, " storage=%s", o->storage_path);
	if (options_stability(o) != 2)
		buf_printf(b, " stability=%d", options_stability(o));
	if (o->memory_budget)
		buf_printf(b, " budget=%lld", (long long)o->memory_budget);
	if (strcmp(o->sandbox, "on") != 0)
		buf_printf(b, " sandbox=%s", o->sandbox);
	for (size_t i = 0; i < o->n_sandbox_read; i++)
		buf_printf(b, " read=%s", o->sandbox_read[i]);
	if (o->shutdown_deadline != INT64_C(10000000000))
		buf_printf(b, " deadline=%lld", (long long)o->shutdown_deadline / 1000000);
	for (size_t i = 0; i < o->n_ignored; i++)
		buf_printf(b, " -%s", o->ignored[i]);
}

static const struct {
	const char *line;
	const char *want; /* or "!" and the error */
} cases[] = {
	{"", "help"},
	{"help run", "help topic=run"},
	{"--help", "help"},
	{"-h", "help"},
	{"--version", "version"},
	{"version", "version"},
	{"run", "run"},
	{"run c.alloy", "run path=c.alloy"},
	{"run --help", "run help"},
	{"run --dry-run --once c", "run path=c dry=text once"},
	{"run --dry-run=json c --once=false", "run path=c dry=json"},
	{"run --storage.path=/x --server.http.listen-addr 0.0.0.0:1 c",
		"run path=c addr=0.0.0.0:1 storage=/x"},
	{"run --stability.level=experimental c", "run path=c stability=0"},
	{"validate --stability.level public-preview c", "validate path=c stability=1"},
	{"run --memory.budget=64MiB", "run budget=67108864"},
	{"run --feature.component-shutdown-deadline=1m", "run deadline=60000"},
	{"run --shutdown.deadline=250ms", "run deadline=250"},
	{"fmt", "fmt"},
	{"fmt -", "fmt path=-"},
	{"fmt -w c", "fmt path=c write"},
	{"fmt --test c", "fmt path=c test"},
	{"fmt -t", "fmt test"},
	{"convert", "convert"},
	{"convert --source-format=promtail -o out -r=x in", "! there is no flag -r=x; flags begin "
							    "with two dashes"},
	{"convert -f promtail -o out -r rep -b -e -a=b in",
		"convert path=in output=out report=rep args=-a=b bypass"},
	{"convert --output=out --bypass-errors -", "convert path=- output=out bypass"},
	{"convert --source-format=static in",
		"! --source-format is \"static\"; it may be promtail"},
	{"run -o x", "! there is no flag -o; flags begin with two dashes"},
	{"run -w", "! there is no flag -w; flags begin with two dashes"},
	{"run --write", "! the command does not take --write"},
	{"run -- --odd", "run path=--odd"},
	{"run --sandbox=off", "run sandbox=off"},
	{"run --sandbox.read /a,/b --sandbox.read=/c c", "run path=c read=/a,/b read=/c"},
	{"run --sandbox=maybe", "! --sandbox is \"maybe\"; it may be on, off"},
	{"run /etc/alloy/config.alloy --storage.path=/tmp/alloy "
	 "--server.http.listen-addr=0.0.0.0:12345 --server.http.ui-path-prefix=/ "
	 "--disable-reporting --cluster.enabled=true --cluster.join-addresses=a,b "
	 "--stability.level=generally-available",
		"run path=/etc/alloy/config.alloy addr=0.0.0.0:12345 storage=/tmp/alloy "
		"-disable-reporting -cluster.enabled -cluster.join-addresses"},
	{"rnu", "! there is no command \"rnu\"; did you mean \"run\"?"},
	{"frobnicate", "! there is no command \"frobnicate\"; \"invar help\" lists them"},
	{"run --storage.pth=x", "! there is no flag --storage.pth; did you mean --storage.path?"},
	{"run --listen-addr=x",
		"! there is no flag --listen-addr; did you mean --server.http.listen-addr?"},
	{"run --frobnicate", "! there is no flag --frobnicate; \"invar help run\" lists them"},
	{"run -o", "! there is no flag -o; flags begin with two dashes"},
	{"run a b", "! \"b\" is one word too many: one PATH is taken, a file or a folder of "
		    "*.alloy "
		    "files"},
	{"version x", "! \"x\" is one word too many"},
	{"validate --once c", "! the command does not take --once"},
	{"run --storage.path", "! --storage.path wants a value: --storage.path=data-alloy/"},
	{"run --once=maybe", "! --once is \"maybe\"; it may be true or false"},
	{"run --dry-run=xml", "! --dry-run is \"xml\"; it may be text, json"},
	{"run --shutdown.deadline=5",
		"! --shutdown.deadline is \"5\"; it wants a duration such as 10s or 1m30s"},
	{"run --memory.budget=1KiB", "! --memory.budget is \"1KiB\"; it wants a size of at least "
				     "1MiB"},
	{"run --config.format=static", "! --config.format is \"static\"; it may be alloy"},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[512], *argv[32] = {line}, *rest = line;
		struct buf got = {0};
		struct options o;
		struct err e;
		int argc = 1;

		print_message("%s\n", cases[i].line);
		snprintf(line, sizeof(line), "%s", cases[i].line);
		while (*rest) {
			size_t n = strcspn(rest, " ");

			argv[argc++] = rest;
			rest += n + (rest[n] != 0);
			argv[argc - 1][n] = 0;
		}
		if (options_parse(argc, argv, &o, &e))
			show(&got, &o);
		else
			buf_printf(&got, "! %s", e.text);
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
	}
}

/* docs/cli.md is made by `invar docs-cli`: run it again when this fails. */
static void test_docs_are_current(void **state)
{
	struct buf want = {0}, have = {0};
	FILE *f = fopen("docs/cli.md", "re");

	(void)state;
	assert_non_null(f);
	have.n = fread(buf_reserve(&have, 1 << 20), 1, 1 << 20, f);
	fclose(f);
	cli_print_docs(&want);
	buf_add_char(&want, 0);
	assert_str(buf_str(&have), want.p);
	buf_fini(&want);
	buf_fini(&have);
}

TESTS_RUN(cmocka_unit_test(test_parse), cmocka_unit_test(test_docs_are_current))
