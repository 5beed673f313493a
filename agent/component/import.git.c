/*
 * import.git is known, and refused: an agent that clones repositories would need git, and keys
 * to them, on every node. Its arguments are Alloy's, so that a mistake in them is found first.
 */

#include "agent/base/err.h"
#include "agent/graph/component.h"

struct git_args {
	struct range at;
	struct str repository;
	struct str path;
	struct str revision;
	int64_t pull_frequency;
	const void *basic_auth;
	const void *ssh_key;
};

static const struct arg git_args[] = {
	ARG_PLACE(git_args, at),
	ARG(git_args, repository, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The repository."),
	ARG(git_args, path, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "A file or a folder in it."),
	ARG(git_args, revision, .type = ARG_STR, .def = "HEAD", .help = "What is checked out."),
	ARG(git_args, pull_frequency, .type = ARG_DURATION, .def = "60s",
		.help = "How often it is pulled."),
	ARG(git_args, basic_auth, .type = ARG_BLOCK, .size = 1, .help = "A name and a password."),
	ARG(git_args, ssh_key, .type = ARG_BLOCK, .size = 1, .help = "A key."),
	ARGS_END,
};

static bool git_check(const void *args, struct diags *d)
{
	const struct git_args *a = args;

	diag_error(d, a->at, "import.git is Alloy's, and not supported here");
	diag_hint(d, "put the files beside the configuration, by git-sync or a ConfigMap, and use "
		     "import.file");
	return false;
}

static bool git_start(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	return err_set(e, "import.git is not supported here");
}

const struct component_type import_git = {
	.name = "import.git",
	.help = "Is refused: import.file reads what git-sync or a ConfigMap puts there.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.args = git_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct git_args),
	.check = git_check,
	.start = git_start,
};
