/* The component with a server in the same loop, which says what the test wants. */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "tests/component.h"
#include "tests/log_dir.h"

extern const struct component_type discovery_kubernetes;

static struct harness h;
static struct log_dir dir;
static struct http_server *server;
static struct buf asked; /* queries of the requests, without what is always there */
static const char *body; /* of the next answers */
static int status;

#define POD(name, uid) \
	"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"namespace\":\"n\",\"name\":\"" name \
	"\",\"uid\":\"" uid \
	"\",\"resourceVersion\":\"5\"},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{" \
	"\"name\":\"app\"}]},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.1\"}}}\n"
#define END \
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"," \
	"\"annotations\":{" \
	"\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define M "__meta_kubernetes_"
#define TARGET(name, uid) \
	"target __address__=10.0.0.1;" M "namespace=n;" M "pod_container_id=;" M \
	"pod_container_image=;" M "pod_container_init=false;" M "pod_container_name=app;" M \
	"pod_host_ip=;" M "pod_ip=10.0.0.1;" M "pod_name=" name ";" M "pod_node_name=n1;" M \
	"pod_phase=Running;" M "pod_ready=unknown;" M "pod_uid=" uid ";\n"
#define FOLDER(name, uid) \
	"target " M "namespace=n;" M "pod_container_name=app;" M "pod_name=" name ";" M \
	"pod_node_name=n1;" M "pod_uid=" uid ";\n"

static void on_request(struct http_server *s, struct http_request *r)
{
	struct http_reply reply = {.status = status, .body = str_from(body)};
	struct str path = http_request_path(r);
	struct str field = http_request_query(r, "fieldSelector");
	struct str label = http_request_query(r, "labelSelector");

	(void)s;
	buf_printf(&asked, STR_FMT " " STR_FMT " " STR_FMT "\n", STR_ARG(path), STR_ARG(field),
		STR_ARG(label));
	http_reply(r, &reply);
}

static void discard(struct str line)
{
	(void)line;
}

static int setup(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"), .max_body = 1024, .request = on_request};
	struct err e;

	(void)state;
	log_set_writer(discard);
	harness_init(&h, &discovery_kubernetes);
	log_dir_init(&dir, &h);
	h.agent.http = http_client_new(h.loop);
	h.agent.node_name = STR("n1");
	server = http_server_new(h.loop, &set, NULL, &e);
	assert_non_null(server);
	status = 200;
	body = END;
	buf_clear(&asked);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	graph_stop(h.graph, harness_stopped, &h.stopped);
	for (int i = 0; i < 20 && !h.stopped; i++)
		loop_turn(h.loop, 0);
	http_client_free(h.agent.http);
	http_server_free(server);
	log_dir_fini(&dir);
	buf_fini(&asked);
	buf_fini(&harness_seen);
	return 0;
}

/* more: further lines of the block; the sink has what it exports. */
static bool load(const char *more)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"discovery.kubernetes \"k\" {\n api_server = \"http://127.0.0.1:%d\"\n %s\n}\n"
		"test.sink \"s\" { targets = discovery.kubernetes.k.targets }\n%c",
		http_server_port(server), more, 0);
	ok = harness_load(&h, text.p);
	buf_fini(&text);
	return ok;
}

/* Until the sink has seen this. The clock does not move. */
static void want(const char *text)
{
	for (int i = 0; i < 300 && !str_is(buf_str(&harness_seen), text); i++)
		loop_turn(h.loop, 10 * NS_PER_MS);
	assert_str(buf_str(&harness_seen), text);
	buf_clear(&harness_seen);
}

static void until_asked(const char *text)
{
	for (int i = 0; i < 300 && !str_is(buf_str(&asked), text); i++)
		loop_turn(h.loop, 10 * NS_PER_MS);
	for (int i = 0; i < 20; i++)
		loop_turn(h.loop, 0);
	assert_str(buf_str(&asked), text);
	buf_clear(&asked);
}

static enum health health(void)
{
	for (size_t i = 0; i < graph_count(h.graph); i++) {
		if (strcmp(graph_node(h.graph, i).id, "discovery.kubernetes.k") == 0)
			return graph_node(h.graph, i).health;
	}
	return HEALTH_UNKNOWN;
}

static void test_the_first_list_is_exported_at_once(void **state)
{
	(void)state;
	body = POD("a", "1") END;
	assert_true(load("role = \"pod\""));
	want(TARGET("a", "1"));
	until_asked("/api/v1/pods spec.nodeName=n1 \n");
	assert_int_equal(health(), HEALTH_HEALTHY);
	/* The watch has ended at once; the next one brings a change. */
	body = POD("b", "2");
	loop_advance(h.loop, 10 * NS_PER_SEC); /* pauses differ by some seconds */
	until_asked("/api/v1/pods spec.nodeName=n1 \n");
	assert_int_equal(harness_seen.n, 0);
	loop_advance(h.loop, 50 * NS_PER_MS);
	want(TARGET("a", "1") TARGET("b", "2"));
}

static const struct {
	const char *text;
	const char *want; /* what the server is asked */
} questions[] = {
	{"selectors {\n role = \"pod\"\n field = \"spec.nodeName=n2\"\n }",
		"/api/v1/pods spec.nodeName=n2 \n"},
	{"selectors {\n role = \"pod\"\n field = \"status.phase=Running\"\n label = \"a in (b)\"\n "
	 "}",
		"/api/v1/pods status.phase=Running,spec.nodeName=n1 a in (b)\n"},
	{"namespaces {\n names = [\"x\", \"y\"]\n }",
		"/api/v1/namespaces/x/pods spec.nodeName=n1 \n/api/v1/namespaces/y/pods "
		"spec.nodeName=n1 \n"},
};

static void test_what_is_asked(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		print_message("%s\n", questions[i].text);
		snprintf(text, sizeof(text), "role = \"pod\"\n %s", questions[i].text);
		assert_true(load(text));
		until_asked(questions[i].want);
	}
}

static void test_a_server_that_refuses(void **state)
{
	(void)state;
	log_dir_append(&dir, "n_a_1/app/0.log", "");
	status = 403;
	body = "{\"message\":\"pods is forbidden\"}";
	assert_true(load("role = \"pod\""));
	until_asked("/api/v1/pods spec.nodeName=n1 \n");
	assert_int_equal(health(), HEALTH_UNHEALTHY);
	assert_int_equal(harness_seen.n, 0);
	loop_advance(h.loop, NS_PER_SEC);
	loop_turn(h.loop, 0);
	assert_int_equal(harness_seen.n, 0);
	loop_advance(h.loop, NS_PER_SEC);
	want(FOLDER("a", "1"));
	status = 200;
	body = POD("a", "1") END;
	loop_advance(h.loop, 10 * NS_PER_SEC);
	for (int i = 0; i < 100 && health() != HEALTH_HEALTHY; i++)
		loop_turn(h.loop, 10 * NS_PER_MS);
	assert_int_equal(health(), HEALTH_HEALTHY);
	loop_advance(h.loop, 50 * NS_PER_MS);
	want(TARGET("a", "1"));
}

static void test_a_reload_keeps_the_watch(void **state)
{
	(void)state;
	body = POD("a", "1") END;
	assert_true(load("role = \"pod\""));
	want(TARGET("a", "1"));
	until_asked("/api/v1/pods spec.nodeName=n1 \n");
	assert_true(load("role = \"pod\"\n selectors {\n role = \"pod\"\n field = "
			 "\"spec.nodeName=n1\"\n }"));
	until_asked("");
	assert_int_equal(harness_seen.n, 0);
}

static void test_other_roles_have_no_targets(void **state)
{
	(void)state;
	assert_true(load("role = \"endpoints\""));
	until_asked("");
	assert_int_equal(harness_seen.n, 0);
	assert_int_equal(health(), HEALTH_HEALTHY);
}

static const struct {
	const char *text;
	const char *want;
} mistakes[] = {
	{"role = \"pods\"", "1:1: unknown Kubernetes SD role \"pods\"\n"},
	{"role = \"pod\"\n selectors { role = \"node\" }",
		"4:2: pod role supports only pod selectors\n"},
	{"", "1:1: missing required attribute \"role\"\n"},
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_false(load(mistakes[i].text));
		assert_str(buf_str(&h.errors), mistakes[i].want);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_the_first_list_is_exported_at_once), CASE(test_what_is_asked),
	CASE(test_a_server_that_refuses), CASE(test_a_reload_keeps_the_watch),
	CASE(test_other_roles_have_no_targets), CASE(test_mistakes))
