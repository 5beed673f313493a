/* The manual and the completions know every command, every flag and every value that a flag may
 * have; texts that would be markup there are not. */

#include "agent/cli.h"

#include "agent/base/buf.h"
#include "agent/options.h"
#include "tests/test.h"

#include <stdlib.h>
#include <unistd.h>

static void print(struct buf *b, void (*printer)(struct buf *out))
{
	buf_clear(b);
	printer(b);
	buf_add_char(b, 0);
}

static void want(const struct buf *b, const char *what, const char *text)
{
	if (!strstr(b->p, text))
		fail_msg("%s has no %s", what, text);
}

static void want_words(const struct buf *b, const char *what, const struct flag_info *f)
{
	for (size_t w = 0; f->words && f->words[w]; w++)
		want(b, what, f->words[w]);
}

static void test_all_are_there(void **state)
{
	struct buf man = {0}, bash = {0}, zsh = {0}, docs = {0};
	struct command_info c;
	struct flag_info f;
	char text[128];

	(void)state;
	print(&man, cli_print_man);
	print(&bash, cli_print_bash);
	print(&zsh, cli_print_zsh);
	print(&docs, cli_print_docs);
	for (size_t i = 0; options_command(i, &c); i++) {
		want(&docs, "the overview", c.usage);
		want(&bash, "bash", c.name);
		want(&zsh, "zsh", c.name);
	}
	for (size_t i = 0; options_flag(i, &f); i++) {
		if (!f.help)
			continue;
		snprintf(text, sizeof(text), "--%s", f.name);
		want(&docs, "docs/cli.md", text);
		want(&bash, "bash", text);
		want(&zsh, "zsh", text);
		want_words(&bash, "bash", &f);
		want_words(&zsh, "zsh", &f);
	}
	want(&man, "the manual", "\\fB\\-\\-sandbox.read\\fR=\\fIPATH\\fR\n");
	want(&man, "the manual", "\\fB\\-\\-dry\\-run\\fR[=\\fIjson\\fR]\n");
	want(&man, "the manual", "\\fB\\-\\-sandbox\\fR=\\fIon\\fR|\\fIoff\\fR\n");
	want(&man, "the manual", ".TP\n.B 130\n");
	want(&zsh, "zsh", "UI'\\''s");
	assert_null(strstr(man.p, "docs"));
	buf_fini(&man);
	buf_fini(&bash);
	buf_fini(&zsh);
	buf_fini(&docs);
}

/* What bash answers in an interactive shell, for a line whose last word is being written. */
static const struct {
	const char *words;
	const char *want;
} lines[] = {
	{"invar va", "validate\n"},
	{"invar de", "default-config\n"},
	{"invar run --sandbox.", "--sandbox.read=\n"},
	{"invar run --sandbox = o", "on\noff\n"},
	{"invar run --dry-run = j", "json\n"},
	{"invar run --on", "--once\n"},
	{"invar validate --on", ""},
	{"invar validate --stab", "--stability.level=\n"},
	{"invar help co", "convert\ncomponents\n"},
	{"invar run /etc/passw", "/etc/passwd\n"},
};

static void test_bash(void **state)
{
	char path[] = "/tmp/completion-XXXXXX", command[512], got[256];
	struct buf bash = {0};
	FILE *f = fdopen(mkstemp(path), "we");

	(void)state;
	cli_print_bash(&bash);
	assert_int_equal(fwrite(bash.p, 1, bash.n, f), bash.n);
	fclose(f);
	buf_fini(&bash);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t n;

		snprintf(command, sizeof(command),
			"bash -c '. %s; compopt() { :; }; COMP_WORDS=(%s); "
			"COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _invar; "
			"[ ${#COMPREPLY[@]} = 0 ] || printf \"%%s\\n\" \"${COMPREPLY[@]}\" | "
			"grep -v \"^/etc/passwd.\"'",
			path, lines[i].words);
		f = popen(command, "r");
		assert_non_null(f);
		n = fread(got, 1, sizeof(got), f);
		pclose(f);
		assert_str(((struct str){got, n}), lines[i].want);
	}
	remove(path);
}

TESTS_RUN(cmocka_unit_test(test_all_are_there), cmocka_unit_test(test_bash))
