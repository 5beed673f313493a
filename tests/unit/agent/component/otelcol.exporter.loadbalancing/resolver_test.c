/* Lists, addresses that are their own names, and the EndpointSlices of a fake API server. */

#include "agent/base/timestamp.h"
#include "agent/component/otelcol.exporter.loadbalancing/resolver.h"
#include "agent/flow/budget.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "tests/http_client_fake.h"

#include <fcntl.h>
#include <unistd.h>

struct world {
	struct loop *loop;
	struct agent_context agent;
	struct buf seen;
	int times;
	struct resolver *r;
};

static void on_found(void *owner, const char *const *names, size_t n)
{
	struct world *w = owner;

	w->times++;
	buf_clear(&w->seen);
	for (size_t i = 0; i < n; i++)
		buf_printf(&w->seen, "%s%s", i ? " " : "", names[i]);
	buf_add_char(&w->seen, 0);
}

static void begin(struct world *w, const struct resolver_args *a)
{
	struct err e = {""};

	*w = (struct world){.loop = loop_new()};
	w->agent.loop = w->loop;
	w->r = resolver_new(
		&(struct resolver_settings){
			.args = a, .agent = &w->agent, .id = "x", .found = on_found, .owner = w},
		&e);
	if (!w->r)
		assert_string_equal(e.text, "");
}

static void end(struct world *w)
{
	resolver_free(w->r);
	buf_fini(&w->seen);
	loop_free(w->loop);
	assert_int_equal(fake_calls_n, 0);
	assert_int_equal(fake_targets, 0);
}

/* Sorted, each once, with a port, without a scheme. */
static void test_static(void **state)
{
	static const struct str hosts[] = {
		STR("two:1"),
		STR("one"),
		STR("http://three:2"),
		STR("dns:///four"),
		STR("one:4317"),
		STR("10.0.0.1"),
		STR("::1"),
		STR("[::2]:3"),
		STR("https://[::4]"),
	};
	struct static_args fixed = {.hostnames = {hosts, sizeof(hosts) / sizeof(*hosts)}};
	struct resolver_args a = {.fixed = &fixed};
	struct world w;

	(void)state;
	begin(&w, &a);
	assert_int_equal(w.times, 1);
	assert_string_equal(w.seen.p, "10.0.0.1:4317 [::1]:4317 [::2]:3 [::4]:4317 four:4317 "
				      "one:4317 three:2 two:1");
	end(&w);
}

static void turn_until(struct world *w, int times)
{
	while (w->times < times)
		loop_turn(w->loop, NS_PER_SEC);
}

/* Asked again and again. */
static void test_dns(void **state)
{
	struct dns_args dns = {
		.hostname = STR("127.0.0.1"), .port = STR("99"), .interval = 1000000};
	struct resolver_args a = {.dns = &dns};
	struct world w;

	(void)state;
	begin(&w, &a);
	assert_int_equal(w.times, 0);
	turn_until(&w, 3);
	assert_string_equal(w.seen.p, "127.0.0.1:99");
	end(&w); /* maybe with a question under way */
}

/* ---- kubernetes ---- */

#define KUBECONFIG \
	"apiVersion: v1\nkind: Config\ncurrent-context: c\n" \
	"clusters:\n- name: k\n  cluster:\n    server: http://api:1\n" \
	"contexts:\n- name: c\n  context:\n    cluster: k\n    user: u\n    namespace: mine\n" \
	"users:\n- name: u\n  user: {}\n"
#define SLICE(event, name, endpoints) \
	"{\"type\":\"" event "\",\"object\":{\"metadata\":{\"name\":\"" name \
	"\",\"namespace\":\"mine\",\"uid\":\"" name "\",\"resourceVersion\":\"1\"}," \
	"\"endpoints\":[" endpoints "]}}\n"
#define END \
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"," \
	"\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define POD(address, more) "{\"addresses\":[\"" address "\"]" more "}"
#define READY(is) ",\"conditions\":{\"ready\":" is "}"
#define NAME(n) ",\"hostname\":\"" n "\""

#define A POD("10.0.0.2", READY("true")) "," POD("10.0.0.1", "") "," POD("fd00::1", "")
#define B POD("10.0.0.1", "") "," POD("10.0.0.3", READY("null")) "," POD("10.0.0.4", READY("false"))
#define C POD("10.0.0.2", NAME("x-0")) "," POD("10.0.0.4", "") "," GONE
#define GONE POD("10.0.0.3", NAME("x-1") READY("false"))

static char config[64];

static int setup(void **state)
{
	int fd;

	(void)state;
	snprintf(config, sizeof(config), "/tmp/resolver_test.XXXXXX");
	fd = mkostemp(config, O_CLOEXEC);
	if (fd == -1 || write(fd, KUBECONFIG, strlen(KUBECONFIG)) == -1)
		return -1;
	close(fd);
	return setenv("KUBECONFIG", config, 1);
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("KUBECONFIG");
	return unlink(config);
}

static void turn_until_asked(struct world *w)
{
	while (fake_calls_n == 0)
		loop_turn(w->loop, NS_PER_SEC);
}

static void stream(struct world *w, const char *lines)
{
	struct http_call *call = fake_calls[0].call;
	int before = w->times;

	call->status = 200;
	call->part(call, str_from(lines));
	while (w->times == before)
		loop_turn(w->loop, NS_PER_SEC);
}

static void test_kubernetes(void **state)
{
	static const struct {
		bool names;
		const char *list;
		const char *want;
		const char *without_a; /* NULL: there is none */
	} cases[] = {
		{false, END, "", NULL},
		{false, SLICE("ADDED", "a", A) SLICE("ADDED", "b", B) SLICE("ADDED", "c", "") END,
			"10.0.0.1:4317 10.0.0.2:4317 10.0.0.3:4317 [fd00::1]:4317",
			"10.0.0.1:4317 10.0.0.3:4317"},
		{true, SLICE("ADDED", "a", C) END, "x-0.svc.mine:4317", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kubernetes_args k = {
			.service = STR("svc"), .return_hostnames = cases[i].names};
		struct resolver_args a = {.kubernetes = &k};
		struct world w;

		begin(&w, &a);
		assert_int_equal(w.times, 0); /* nothing is known yet */
		turn_until_asked(&w);
		assert_non_null(strstr(fake_calls[0].url, "http://api:1/apis/discovery.k8s.io/v1/"
							  "namespaces/mine/endpointslices?"));
		assert_non_null(strstr(fake_calls[0].url, "kubernetes.io"));
		stream(&w, cases[i].list);
		assert_int_equal(w.times, 1);
		assert_string_equal(w.seen.p, cases[i].want);
		if (cases[i].without_a) {
			stream(&w, SLICE("DELETED", "a", ""));
			assert_string_equal(w.seen.p, cases[i].without_a);
		}
		end(&w);
	}
}

/* The namespace of the Service's name; a server that refuses leaves things as they are. */
static void test_refused(void **state)
{
	struct kubernetes_args k = {.service = STR("svc.other")};
	struct resolver_args a = {.kubernetes = &k};
	struct world w;

	(void)state;
	begin(&w, &a);
	turn_until_asked(&w);
	assert_non_null(strstr(fake_calls[0].url, "/namespaces/other/endpointslices?"));
	fake_answer(0, 403, "application/json", STR("{\"message\":\"no\"}"), -1);
	for (int i = 0; i < 3; i++)
		loop_turn(w.loop, 1000000);
	assert_int_equal(w.times, 0);
	end(&w);
}

TESTS_RUN(cmocka_unit_test(test_static), cmocka_unit_test(test_dns),
	cmocka_unit_test_setup_teardown(test_kubernetes, setup, teardown),
	cmocka_unit_test_setup_teardown(test_refused, setup, teardown))
