/* clang-format off */
#include "tests/component.h"
#include "tests/log_dir.h"
/* clang-format on */

extern const struct component_type discovery_file;

static struct harness h;
static struct log_dir dir;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &discovery_file);
	log_dir_init(&dir, &h);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_dir_fini(&dir);
	return 0;
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir.path, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool load(const char *files)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"discovery.file \"f\" {\n files = [%s]\n}\n"
		"test.sink \"s\" {\n targets = discovery.file.f.targets\n}\n",
		files);
	return harness_load(&h, text);
}

/* The folder, in texts that are wanted, as @. */
static void assert_seen(const char *want)
{
	struct buf b = {0};

	for (const char *c = want; *c; c++) {
		if (*c == '@')
			buf_printf(&b, "%s", dir.path);
		else
			buf_add_char(&b, *c);
	}
	assert_int_equal(harness_seen.n, b.n);
	if (b.n)
		assert_memory_equal(harness_seen.p, b.p, b.n);
	buf_fini(&b);
	buf_clear(&harness_seen);
}

#define TWO \
	"target __address__=a:1;__meta_filepath=@/t.json;job=x;\n" \
	"target __address__=b:2;__meta_filepath=@/t.json;job=x;\n"

static const struct {
	const char *name;
	const char *text;
	const char *want;
} cases[] = {
	{"t.json", "[{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"job\": \"x\"}}]", TWO},
	{"t.yml", "- targets: ['a:1']\n  labels: {port: 1}\n- labels: {x: y}\n- targets:\n  - c\n",
		"target __address__=a:1;__meta_filepath=@/t.yml;port=1;\n"
		"target __address__=c;__meta_filepath=@/t.yml;\n"},
	{"t.yaml", "", ""},
	{"t.yaml", "a: b\n", ""},
	{"t.yaml", "- 1\n", ""},
	{"t.yaml", "- target: [a]\n", ""},
	{"t.yaml", "- targets: [[a]]\n", ""},
	{"t.yaml", "- targets: [a]\n  labels: {a: [b]}\n", ""},
	{"t.yaml", "- targets: a\n", ""},
	{"t.json", "[{\"targets\": [\"a\"]}", ""},
};

static void texts_become_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char command[128];
		char files[256];

		snprintf(command, sizeof(command), "rm -f %s/*", dir.path);
		assert_int_equal(system(command), 0);
		put(cases[i].name, cases[i].text);
		snprintf(files, sizeof(files), "\"%s/%s\", \"%s/n%zu.json\"", dir.path,
			cases[i].name, dir.path, i);
		assert_true(load(""
				 "\"none.json\"")); /* not those of the case before */
		buf_clear(&harness_seen);
		assert_true(load(files));
		assert_seen(cases[i].want);
	}
}

static void changes_are_followed(void **state)
{
	char files[128];

	(void)state;
	snprintf(files, sizeof(files), "\"%s/*.json\"", dir.path);
	assert_true(load(files));
	assert_seen("");
	put("t.json", "[{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"job\": \"x\"}}]");
	put("t.yaml", "- targets: [no]\n");
	log_dir_settle(&dir);
	harness_advance(&h, 200 * INT64_C(1000000));
	assert_seen(TWO);
	put("t.json", "[{\"targets\": [");
	put("a.json", "[{\"targets\": [\"z\"]}]");
	log_dir_settle(&dir);
	harness_advance(&h, 200 * INT64_C(1000000));
	assert_seen("target __address__=z;__meta_filepath=@/a.json;\n" TWO);
	put("t.json", "[]");
	log_dir_settle(&dir);
	harness_advance(&h, 200 * INT64_C(1000000));
	assert_seen("target __address__=z;__meta_filepath=@/a.json;\n");
}

/* Whatever takes a file's place, its targets stay until there is a better one or none. */
static void hostile_files_change_nothing(void **state)
{
	static const char *const hostile[] = {
		"mkfifo x && mv x t.json",
		"rm t.json; mkdir t.json",
		"rmdir t.json; ln -s t.json t.json",
		"ln -sfn /none/x t.json",
		"ln -sfn /dev/zero t.json",
		"rm t.json; head -c 17000000 /dev/zero | tr '\\0' ' ' >t.json",
		"head -c 2000000 /dev/zero | tr '\\0' '[' >t.json",
		"head -c 2000 /dev/zero >t.json",
		"printf '[{\"targets\":[\"a\\377\"]}' >t.json",
		"printf '[{\"targets\":{\"a\":1}}]' >t.json",
		"printf '[{\"targets\":[\"a:1\"]}] x' >t.json",
	};
	char files[128], command[256];

	(void)state;
	put("t.json", "[{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"job\": \"x\"}}]");
	snprintf(files, sizeof(files), "\"%s/*.json\"", dir.path);
	assert_true(load(files));
	assert_seen(TWO);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		snprintf(command, sizeof(command), "cd %s && %s", dir.path, hostile[i]);
		assert_int_equal(system(command), 0);
		log_dir_settle(&dir);
		harness_advance(&h, 200 * INT64_C(1000000));
		assert_seen("");
	}
	put("t.json", "[{\"targets\": [\"z\"]}]");
	log_dir_settle(&dir);
	harness_advance(&h, 200 * INT64_C(1000000));
	assert_seen("target __address__=z;__meta_filepath=@/t.json;\n");
	snprintf(command, sizeof(command), "rm %s/t.json", dir.path);
	assert_int_equal(system(command), 0);
	log_dir_settle(&dir);
	harness_advance(&h, 200 * INT64_C(1000000));
	load(files);
	assert_int_equal(harness_seen.n, 0);
}

static void wrong_arguments(void **state)
{
	static const struct {
		const char *files;
		const char *error;
	} wrong[] = {
		{"", "file service discovery config must contain at least one path name"},
		{"\"a.txt\"", "path name \"a.txt\" is not valid for file discovery"},
		{"\"/a/*/b.json\"", "path name \"/a/*/b.json\" is not valid for file discovery"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_false(load(wrong[i].files));
		buf_add_char(&h.errors, 0);
		assert_non_null(strstr(h.errors.p, wrong[i].error));
	}
}

TESTS_RUN(cmocka_unit_test_setup_teardown(texts_become_targets, set_up, tear_down),
	cmocka_unit_test_setup_teardown(changes_are_followed, set_up, tear_down),
	cmocka_unit_test_setup_teardown(hostile_files_change_nothing, set_up, tear_down),
	cmocka_unit_test_setup_teardown(wrong_arguments, set_up, tear_down))
