/* The watch against a server that is a socket: what it says, and when, is in the test. */

#include "k8s/watch.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/loop/file.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define POD(name, version) \
	"{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define INITIAL_END(version) \
	EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" version \
			  "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}")
#define BOOKMARK(version) EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" version "\"}}")
#define STATUS(code, text) \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" text "\",\"code\":" code "}"
#define BEGIN \
	"GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn1&labelSelector=a%20in%20%28b%29" \
	"&resourceVersion="
#define STREAM "&watch=true&allowWatchBookmarks=true&timeoutSeconds=#"
#define INITIAL "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"

static struct loop *loop;
static struct http_client *client;
static struct http_target *target;
static struct watch *watch;
static int listener, conn = -1;
static struct sockaddr_in address;
static struct buf seen, head, line;
static char token[64];

/* The sink writes down what it is told. */
static void on_begin(struct watch_sink *s)
{
	(void)s;
	buf_printf(&seen, "begin ");
}

static bool on_object(struct watch_sink *s, enum watch_event event, struct str object)
{
	ptrdiff_t at = str_find(object, STR("\"name\":\""));

	(void)s;
	if (at < 0)
		return false;
	buf_printf(&seen, "%c%c ", "+*-"[event], object.p[at + 8]);
	return true;
}

static void on_complete(struct watch_sink *s)
{
	(void)s;
	buf_printf(&seen, "complete ");
}

static void on_problem(struct watch_sink *s)
{
	const char *problem = watch_problem(watch);

	(void)s;
	buf_printf(&seen, problem ? "problem(%s) " : "fine ", problem);
}

static struct watch_sink sink = {on_begin, on_object, on_complete, on_problem};

static void listen_again(void)
{
	socklen_t n = sizeof(address);
	int one = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(listener != -1);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (void *)&address, n), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (void *)&address, &n), 0);
}

static void discard(struct str text)
{
	(void)text;
}

/* As the kubelet does it: another file of that name. */
static void write_token(const char *text)
{
	snprintf(token, sizeof(token), "/tmp/watch_test.%d", (int)getpid());
	assert_int_equal(file_replace(token, str_from(text)), 0);
}

static int setup(void **state)
{
	struct http_settings http = {0};
	struct watch_settings set = {
		.path = STR("/api/v1/pods"),
		.resource = STR("pods"),
		.field_selector = STR("spec.nodeName=n1"),
		.label_selector = STR("a in (b)"),
	};
	char server[64];
	struct err e;

	(void)state;
	log_set_writer(discard);
	write_token("secret");
	http.bearer_token_file = str_from(token);
	address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	listen_again();
	snprintf(server, sizeof(server), "http://127.0.0.1:%d", ntohs(address.sin_port));
	set.server = str_from(server);
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 0);
	loop_seed(loop, 1);
	client = http_client_new(loop);
	target = http_target_new(client, &http, &e);
	assert_non_null(target);
	watch = watch_new(loop, target, &set, &sink);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	watch_free(watch);
	http_target_free(target);
	http_client_free(client);
	loop_free(loop);
	close(listener);
	unlink(token);
	if (conn != -1)
		close(conn);
	conn = -1;
	buf_fini(&seen);
	buf_fini(&head);
	buf_fini(&line);
	return 0;
}

/* Takes what there is of a request. True when its head is complete. */
static bool take_request(void)
{
	char part[4096];
	ssize_t n;

	if (conn == -1)
		conn = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn == -1)
		return false;
	n = recv(conn, part, sizeof(part), 0);
	if (n > 0)
		buf_add(&head, part, (size_t)n);
	return str_find(buf_str(&head), STR("\r\n\r\n")) >= 0;
}

/* Waits for the next request, which must be this one; # stands for a number of seconds. */
static void want_request(const char *want)
{
	struct str rest, seconds;
	ptrdiff_t at;

	buf_clear(&head);
	for (int i = 0; !take_request(); i++) {
		assert_true(i < 500);
		loop_turn(loop, 10 * NS_PER_MS);
	}
	assert_true(str_find(buf_str(&head), STR("\r\nAuthorization: Bearer secret\r\n")) > 0);
	buf_clear(&line);
	assert_true(str_cut(buf_str(&head), '\r', &rest, &seconds));
	at = str_find(rest, STR("timeoutSeconds="));
	if (at >= 0) {
		int64_t n;

		buf_add_str(&line, str_head(rest, (size_t)at + 15));
		rest = str_from_at(rest, (size_t)at + 15);
		assert_true(str_to_int(str_head(rest, 3), &n) && n >= 300 && n < 600);
		buf_add_char(&line, '#');
		rest = str_from_at(rest, 3);
	}
	buf_add_str(&line, rest);
	buf_add(&line, "", 1);
	line.n--;
	line.p[line.n - strlen(" HTTP/1.1")] = 0;
	assert_string_equal(line.p, want);
}

static void want_no_request(void)
{
	for (int i = 0; i < 5; i++) {
		loop_turn(loop, 0);
		assert_false(take_request());
	}
}

static void send_text(const char *text)
{
	assert_int_equal(send(conn, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void send_head(int status, const char *more)
{
	char text[256];

	snprintf(text, sizeof(text),
		"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n%s\r\n",
		status, more);
	send_text(text);
}

static void send_chunk(const char *text)
{
	char size[24];

	snprintf(size, sizeof(size), "%zx\r\n", strlen(text));
	send_text(size);
	send_text(text);
	send_text("\r\n");
}

static void cut(void)
{
	close(conn);
	conn = -1;
}

static void end(void)
{
	send_text("0\r\n\r\n");
	cut();
}

static void answer(int status, const char *more, const char *body)
{
	send_head(status, more);
	send_chunk(body);
	end();
}

/* Until the sink has been told this, and no more. */
static void want(const char *text)
{
	for (int i = 0; i < 500 && !str_is(buf_str(&seen), text); i++)
		loop_turn(loop, 10 * NS_PER_MS);
	loop_turn(loop, 0);
	assert_str(buf_str(&seen), text);
	buf_clear(&seen);
}

static void pass(int64_t seconds)
{
	loop_advance(loop, seconds * NS_PER_SEC);
	loop_turn(loop, 0);
}

/* To a watch that has begun and stands at version 7. */
static void begin(void)
{
	want_request(BEGIN "0" STREAM INITIAL);
	send_head(200, "");
	send_chunk(EVENT("ADDED", POD("a", "5")) INITIAL_END("7"));
	want("begin +a complete ");
}

/* The next request comes within so many seconds. */
static void next_try(int within)
{
	for (int i = 0; i < within && seen.n == 0; i++) {
		for (int k = 0; k < 20; k++)
			loop_turn(loop, 0);
		loop_advance(loop, NS_PER_SEC);
	}
	assert_str(buf_str(&seen), "begin ");
}

static void test_initial_events_and_changes(void **state)
{
	(void)state;
	want_request(BEGIN "0" STREAM INITIAL);
	send_head(200, "");
	send_chunk(EVENT("ADDED", POD("a", "5")) "{\"type\":\"ADDED\",\"ob");
	want("begin +a ");
	send_chunk("ject\":" POD("b", "6") "}\n" INITIAL_END("7"));
	want("+b complete ");
	send_chunk(EVENT("MODIFIED", POD("a", "8")) "what\n" EVENT("DELETED", POD("b", "9")));
	want("*a -b ");
	pass(100);
	send_chunk(BOOKMARK("12"));
	loop_turn(loop, 10 * NS_PER_MS);
	pass(100);
	end(); /* before its time was up */
	loop_turn(loop, 10 * NS_PER_MS);
	want_no_request();
	pass(4);
	want_request(BEGIN "12" STREAM);
	send_head(200, "");
	for (int i = 0; i < 6; i++) {
		send_chunk(BOOKMARK("13"));
		loop_turn(loop, 10 * NS_PER_MS);
		pass(100);
	}
	end();
	want_request(BEGIN "13" STREAM);
	want("");
}

static void test_a_server_without_initial_events(void **state)
{
	(void)state;
	want_request(BEGIN "0" STREAM INITIAL);
	answer(422, "", STATUS("422", "sendInitialEvents: Forbidden"));
	want_request(BEGIN "0");
	assert_true(str_find(buf_str(&head), STR("gzip")) > 0);
	send_head(200, "");
	send_chunk(
		"{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"40\"},\"items\":[" POD(
			"a", "5"));
	want("begin begin +a ");
	send_chunk("," POD("b", "6") "]}");
	want("+b ");
	end();
	want_request(BEGIN "40" STREAM);
	want("complete ");
}

static void test_a_list_that_is_cut(void **state)
{
	(void)state;
	want_request(BEGIN "0" STREAM INITIAL);
	answer(400, "", STATUS("400", "no"));
	want_request(BEGIN "0");
	answer(200, "", "{\"metadata\":{\"resourceVersion\":\"40\"},\"items\":[" POD("a", "5") ",");
	want("begin begin +a problem(the API server's list was not complete) ");
	want_no_request();
	pass(4);
	want_request(BEGIN "0");
	send_head(200, "");
	send_chunk("{\"metadata\":{\"resourceVersion\":\"40\"},\"items\":[");
	want("begin ");
	cut();
	loop_turn(loop, 10 * NS_PER_MS);
	pass(5);
	want_request(BEGIN "0");
	answer(200, "", "{\"metadata\":{\"resourceVersion\":\"40\"},\"items\":[]}");
	want_request(BEGIN "40" STREAM);
	assert_true(str_ends(buf_str(&seen), "begin complete fine "));
}

static void test_gone(void **state)
{
	(void)state;
	begin();
	pass(100);
	send_chunk(EVENT("MODIFIED", POD("a", "9")) EVENT(
		"ERROR", STATUS("410", "too old resource version: 7 (510)")));
	want("*a ");
	pass(4);
	cut();
	want_request(BEGIN "9" STREAM INITIAL);
	answer(410, "", STATUS("410", "Expired"));
	want("begin ");
	next_try(5);
	want_request(BEGIN "0" STREAM INITIAL);
}

static void test_version_of_the_future(void **state)
{
	(void)state;
	begin();
	pass(100);
	end();
	loop_turn(loop, 10 * NS_PER_MS);
	pass(4);
	want_request(BEGIN "7" STREAM);
	send_head(200, "");
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 0);
	pass(150);
	pass(4);
	cut();
	want_request(BEGIN "0" STREAM INITIAL);
	want("begin ");
}

static const struct {
	int status;
	const char *headers;
	const char *body;
	const char *problem;
	int not_before; /* seconds */
} refusals[] = {
	{401, "", STATUS("401", "Unauthorized"),
		"the API server does not accept our credentials: Unauthorized (401)", 1},
	{403, "", STATUS("403", "pods is forbidden"),
		"the API server forbids it: pods is forbidden (403); add to the service account's "
		"ClusterRole: "
		"apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"get\", \"list\", \"watch\"]",
		2},
	{429, "Retry-After: 20\r\n", "slow down", "the API server answers 429: slow down", 20},
	{503, "", "", "the API server answers 503: ", 8},
	{200, "", EVENT("ERROR", STATUS("500", "bad")), "the API server ended the watch: bad (500)",
		16},
};

static void test_refusals_are_followed_by_longer_and_longer_pauses(void **state)
{
	char text[700];

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		print_message("%d\n", refusals[i].status);
		want_request(BEGIN "0" STREAM INITIAL);
		answer(refusals[i].status, refusals[i].headers, refusals[i].body);
		snprintf(text, sizeof(text), "begin problem(%s) ", refusals[i].problem);
		want(text);
		loop_advance(loop, refusals[i].not_before * NS_PER_SEC - 1);
		want_no_request();
		loop_advance(loop, refusals[i].not_before * NS_PER_SEC / 2 + WATCH_SPREAD + 1);
	}
	want_request(BEGIN "0" STREAM INITIAL);
	send_head(200, "");
	send_chunk(INITIAL_END("3"));
	want("begin complete fine ");
}

static void test_pauses_are_never_above_the_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		char text[64];

		want_request(BEGIN "0" STREAM INITIAL);
		answer(500 + i, "", "");
		snprintf(
			text, sizeof(text), "begin problem(the API server answers %d: ) ", 500 + i);
		want(text);
		next_try(60);
	}
}

static void test_a_server_that_is_away(void **state)
{
	(void)state;
	begin();
	pass(60);
	send_chunk(EVENT("MODIFIED", POD("a", "8")));
	want("*a ");
	close(listener);
	cut();
	for (int i = 0; i < 20; i++)
		loop_turn(loop, NS_PER_MS);
	assert_null(watch_problem(watch)); /* nothing is known to be wrong yet */
	pass(4);
	for (int i = 0; i < 200 && !watch_problem(watch); i++)
		loop_turn(loop, 10 * NS_PER_MS);
	assert_true(str_starts(buf_str(&seen), "problem(no answer from the API server: "));
	buf_clear(&seen);
	listen_again();
	pass(5);
	want_request(BEGIN "8" STREAM);
	send_head(200, "");
	want("");
	pass(15);
	want("fine ");
}

static void test_a_watch_that_ends_at_once_is_not_hurried(void **state)
{
	(void)state;
	begin();
	end();
	want("");
	for (int i = 0; i < 20; i++)
		loop_turn(loop, NS_PER_MS);
	want_no_request();
	pass(4);
	want_request(BEGIN "7" STREAM);
	assert_null(watch_problem(watch));
}

/* A refusal, seen and followed by a pause. */
static void refuse(int status, const char *more)
{
	char text[80];

	want_request(BEGIN "0" STREAM INITIAL);
	answer(status, more, "");
	snprintf(text, sizeof(text), "begin problem(the API server answers %d: ) ", status);
	want(text);
}

/* A long pause is cut short, once in a while, but not that which the server asked for. */
static void test_hurried(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		refuse(500 + i, "");
		next_try(60);
	}
	refuse(506, "");
	watch_hurry(watch);
	next_try(3);
	refuse(507, "");
	watch_hurry(watch);
	pass(30);
	want_no_request();
	watch_hurry(watch);
	next_try(3);
	refuse(503, "Retry-After: 50\r\n");
	pass(31);
	watch_hurry(watch);
	pass(18);
	want_no_request();
	next_try(25);
	watch_hurry(watch);
	refuse(508, "");
}

/* Minutes of 401: a new token is seen within seconds, each new one is worth one request, and while
 * there is none, or the same, there is none. */
static void test_a_new_token_ends_the_pause_after_401(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		want_request(BEGIN "0" STREAM INITIAL);
		answer(401, "", "");
		want(i ? "begin " : "begin problem(the API server does not accept our credentials:"
				    "  (401)) ");
		if (i < 5)
			next_try(70);
	}
	pass(10);
	want_no_request();
	write_token("secret");
	next_try(6);
	want_request(BEGIN "0" STREAM INITIAL);
	answer(401, "", "");
	want("begin ");
	pass(10);
	want_no_request();
	unlink(token); /* no token is none either, and the wait goes on */
	for (int i = 0; i < 6; i++)
		pass(1);
	assert_true(str_starts(buf_str(&seen), "begin problem(no answer from the API server: "));
	buf_clear(&seen);
	write_token("secret");
	next_try(6);
	want_request(BEGIN "0" STREAM INITIAL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_initial_events_and_changes), CASE(test_a_server_without_initial_events),
	CASE(test_a_list_that_is_cut), CASE(test_gone), CASE(test_version_of_the_future),
	CASE(test_refusals_are_followed_by_longer_and_longer_pauses),
	CASE(test_pauses_are_never_above_the_limit), CASE(test_a_server_that_is_away),
	CASE(test_a_watch_that_ends_at_once_is_not_hurried), CASE(test_hurried),
	CASE(test_a_new_token_ends_the_pause_after_401))
