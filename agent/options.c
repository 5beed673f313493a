/*
 * Flags are written as Alloy's are: --name=value or --name value, --name alone for a
 * boolean.
 */

#include "agent/options_private.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/nearest.h"
#include "agent/base/timestamp.h"
#include "agent/config/eval.h"

#include <stdio.h>
#include <stdlib.h>

static bool unknown_flag(const char *name, size_t n, struct err *e)
{
	struct nearest near;
	char word[64];

	nearest_init(&near, (struct str){name, n});
	for (size_t i = 0; i < options_n_flags; i++)
		nearest_try(&near, options_flags[i].name);
	nearest_try(&near, "help");
	snprintf(word, sizeof(word), "%.*s", (int)n, name);
	if (near.best)
		return err_set(e, "there is no flag --%s; did you mean --%s?", word, near.best);
	return err_set(e, "there is no flag --%s; \"invar help run\" lists them", word);
}

static const struct flag *find_flag(const char *name, size_t n)
{
	for (size_t i = 0; i < options_n_flags; i++) {
		const char *its = options_flags[i].name;

		if (strlen(its) == n && strncmp(its, name, n) == 0)
			return &options_flags[i];
	}
	return NULL;
}

static bool check_words(const struct flag *f, const char *value, struct err *e)
{
	struct buf all = {0};
	const char *const *w;

	for (w = f->words; w && *w; w++) {
		if (strcmp(*w, value) == 0)
			break;
		buf_printf(&all, "%s%s", all.n ? ", " : "", *w);
	}
	if (w && !*w)
		err_set(e, "--%s is \"%.40s\"; it may be %.*s", f->name, value, (int)all.n, all.p);
	buf_fini(&all);
	return !w || *w;
}

static bool set_bool(const struct flag *f, const char *value, bool *out, struct err *e)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return err_set(e, "--%s is \"%.40s\"; it may be true or false", f->name, value);
	*out = strcmp(value, "true") == 0;
	return true;
}

static bool set_flag(struct options *o, const struct flag *f, const char *value, struct err *e)
{
	void *to = (char *)o + f->offset;

	switch (f->type) {
	case FLAG_BOOL:
		return set_bool(f, value, to, e);
	case FLAG_TEXT:
	case FLAG_WORD:
		*(const char **)to = value;
		return check_words(f, value, e);
	case FLAG_DURATION:
		if (!duration_parse(str_from(value), to) || *(int64_t *)to < 0)
			return err_set(e, "--%s is \"%.40s\"; it wants a duration such as 10s or "
					  "1m30s",
				f->name, value);
		return true;
	case FLAG_LIMIT:
		*(int64_t *)to = 0;
		if (strcmp(value, "0") == 0)
			return true;
		__attribute__((fallthrough));
	case FLAG_SIZE:
		if (!size_parse(str_from(value), to) || *(int64_t *)to < 1 << 20)
			return err_set(e, "--%s is \"%.40s\"; it wants a size of at least 1MiB",
				f->name,
				value);
		return true;
	case FLAG_PATHS:
		if (o->n_sandbox_read == sizeof(o->sandbox_read) / sizeof(o->sandbox_read[0]))
			return err_set(e,
				"--%s is given too often; one may hold several, with commas",
				f->name);
		o->sandbox_read[o->n_sandbox_read++] = value;
		return true;
	case FLAG_IGNORED:
	case FLAG_IGNORED_BOOL:
		if (o->n_ignored < sizeof(o->ignored) / sizeof(o->ignored[0]))
			o->ignored[o->n_ignored++] = f->name;
		return true;
	}
	must(!"a flag's type");
}

static void set_defaults(struct options *o)
{
	*o = (struct options){0};
	for (size_t i = 0; i < options_n_flags; i++) {
		struct err e;

		if (options_flags[i].type == FLAG_WORD)
			*(const char **)(void *)((char *)o + options_flags[i].offset) = "";
		else if (!options_is_ignored(&options_flags[i]) && options_flags[i].def[0])
			must(set_flag(o, &options_flags[i], options_flags[i].def, &e));
	}
}

/* The long name of "w"; what cannot be one if there is none. */
static const char *of_letter(const char *word, const struct options *o)
{
	for (size_t i = 0; i < options_n_letters; i++) {
		const struct flag_letter *l = &options_letters[i];
		const struct flag *f = find_flag(l->name, strlen(l->name));

		if (word[0] == l->letter && !word[1] && f->commands & 1u << o->command)
			return l->name;
	}
	return "";
}

/* argv[*i] begins with a dash. */
static bool parse_flag(int argc, char *const *argv, int *i, struct options *o, struct err *e)
{
	const char *name = argv[*i][1] == '-' ? argv[*i] + 2 : of_letter(argv[*i] + 1, o);
	size_t n = strcspn(name, "=");
	const struct flag *f = find_flag(name, n);

	if (!f && argv[*i][1] != '-')
		return err_set(e, "there is no flag %.40s; flags begin with two dashes", argv[*i]);
	if (!f)
		return unknown_flag(name, n, e);
	if (!(f->commands & 1u << o->command))
		return err_set(e, "the command does not take --%s", f->name);
	if (name[n] == '=')
		return set_flag(o, f, name + n + 1, e);
	if (options_stands_alone(f))
		return set_flag(o, f, f->words ? f->words[0] : "true", e);
	if (*i + 1 >= argc)
		return err_set(e, "--%s wants a value: --%s=%s", f->name, f->name,
			f->def[0] ? f->def : "VALUE");
	return set_flag(o, f, argv[++*i], e);
}

static bool takes_path(enum command c)
{
	return c == COMMAND_RUN || c == COMMAND_VALIDATE || c == COMMAND_FMT ||
	       c == COMMAND_CONVERT ||
	       c == COMMAND_COMPONENTS;
}

static bool parse_command(const char *word, struct options *o, struct err *e)
{
	struct command_info c;
	struct nearest near;
	size_t n = 0;

	for (size_t i = 0; i < options_n_commands; i++)
		if (strcmp(word, options_commands[i].name) == 0) {
			o->command = options_commands[i].command;
			return true;
		}
	nearest_init(&near, str_from(word));
	while (options_command(n++, &c))
		nearest_try(&near, c.name);
	if (near.best)
		return err_set(e, "there is no command \"%.40s\"; did you mean \"%s\"?", word,
			near.best);
	return err_set(e, "there is no command \"%.40s\"; \"invar help\" "
			  "lists them",
		word);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool parse_word(const char *word, struct options *o, struct err *e)
{
	const char **to = o->command == COMMAND_HELP ? &o->topic : &o->path;

	if (!takes_path(o->command) && o->command != COMMAND_HELP)
		return err_set(e, "\"%.40s\" is one word too many", word);
	if (*to)
		return err_set(e, "\"%.40s\" is one word too many: one PATH is taken, a file or a "
				  "folder of *.alloy files",
			word);
	*to = word;
	return true;
}

bool options_parse(int argc, char *const *argv, struct options *out, struct err *e)
{
	struct options o;
	bool only_words = false;

	set_defaults(&o);
	o.command = COMMAND_HELP;
	if (argc >= 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0)) {
		o.command = COMMAND_VERSION;
	} else if (argc >= 2 && !is_help(argv[1]) && !parse_command(argv[1], &o, e)) {
		return false;
	}
	for (int i = 2; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (!only_words && is_help(argv[i]))
			o.help = true;
		else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			if (!parse_flag(argc, argv, &i, &o, e))
				return false;
		} else if (!parse_word(argv[i], &o, e)) {
			return false;
		}
	}
	*out = o;
	return true;
}

int options_stability(const struct options *o)
{
	if (strcmp(o->stability, "experimental") == 0)
		return STABILITY_EXPERIMENTAL;
	if (strcmp(o->stability, "public-preview") == 0)
		return STABILITY_PUBLIC_PREVIEW;
	return STABILITY_GA;
}

enum dry_run options_dry_run(const struct options *o)
{
	if (strcmp(o->dry_run, "json") == 0)
		return DRY_RUN_JSON;
	return o->dry_run[0] ? DRY_RUN_TEXT : DRY_RUN_OFF;
}
