/*
 * Lines as real programs print them: a JSON application log (some over 16 KiB, with letters of
 * several bytes), nginx' access log with its long tail, logfmt, Rails, Java with stack traces (each
 * line an entry of its own), klog.
 */
#include "tests/e2e/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

uint64_t random_next(uint64_t *state) /* xorshift64* */
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

static const char *const words[] = {"order", "cart", "payment", "user", "session", "cache", "retry",
	"timeout", "upstream", "worker", "Größe", "naïve", "价格", "заказ", "☕", "status", "queue",
	"index", "token", "shipping", "invoice", "renewed", "expired", "replica", "leader",
	"follower", "snapshot"};

static const char *const paths[] = {"/", "/api/v1/carts", "/api/v1/orders/",
	"/assets/application.js", "/users/sign_in", "/healthz", "/metrics",
	"/api/v2/search?q=", "/media_proxy/", "/inbox"};

static size_t text(char *out, size_t at_least, uint64_t *r)
{
	size_t n = 0;

	while (n < at_least)
		n += (size_t)sprintf(out + n, "%s%s", n ? " " : "", words[random_next(r) % 27]);
	return n;
}

static size_t json(char *out, unsigned c, uint64_t seq, uint64_t *r)
{
	static const char *const levels[] = {"info", "debug", "warn", "error"};
	uint64_t v = random_next(r);
	size_t n = (size_t)sprintf(out,
		"{\"level\":\"%s\",\"logger\":\"shop.%s\",\"trace_id\":\"%016llx%016llx\","
		"\"duration_ms\":%llu.%llu,"
		"\"user\":%u,\"message\":\"",
		levels[v % 4], words[v % 10], (ull)v, (ull)(seq * 7919),
		(ull)(v % 900), (ull)(v % 10), c * 31 % 997);

	n += text(out + n, seq % 400 == 399 ? 16384 + v % 40000 : 40 + v % 160, r);
	return n + (size_t)sprintf(out + n, "\",\"check\":\"");
}

static size_t nginx(char *out, uint64_t *r)
{
	static const int status[] = {200, 200, 200, 304, 404, 499, 502, 201};
	uint64_t v = random_next(r);
	size_t n = (size_t)sprintf(out,
		"10.%llu.%llu.%llu - - [22/Nov/2026:10:41:07 +0000] \"GET %s%llu HTTP/1.1\" %d "
		"%llu \"-\" "
		"\"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\" ",
		(ull)(v >> 8 & 255), (ull)(v >> 16 & 255),
		(ull)(v >> 24 & 255), paths[v % 10], (ull)(v >> 32 & 4095),
		status[v >> 5 & 7], (ull)(v >> 40 & 65535));

	return v % 50 == 0 ? n + text(out + n, 200 + (v >> 20) % 1500, r) : n;
}

static size_t logfmt(char *out, uint64_t *r)
{
	uint64_t v = random_next(r);
	size_t n = (size_t)sprintf(out, "level=%s caller=%s.go:%llu org_id=%llu msg=\"",
		v & 1 ? "info" : "debug", words[v % 10], (ull)(v >> 8 & 511),
		(ull)(v >> 16 & 63));

	n += text(out + n, 30 + (v >> 24) % 60, r);
	return n + (size_t)sprintf(out + n, "\" duration=%llums ", (ull)(v >> 32 & 1023));
}

static size_t rails(char *out, uint64_t *r)
{
	uint64_t v = random_next(r);

	return (size_t)sprintf(out,
		"[%016llx] method=GET path=%s format=json controller=Api::V1::StatusesController "
		"action=show status=200 "
		"allocations=%llu duration=%llu.%02llu view=%llu.00 db=%llu.17 ",
		(ull)v, paths[v % 10], (ull)(v >> 8 & 65535),
		(ull)(v >> 24 & 511), (ull)(v % 100),
		(ull)(v >> 33 & 127), (ull)(v >> 40 & 63));
}

static size_t java(char *out, uint64_t seq, uint64_t *r)
{
	uint64_t v = random_next(r);

	if (seq % 12 == 0)
		return (size_t)sprintf(out,
			"2026-11-22 10:41:07.%03llu ERROR 1 --- [nio-8080-exec-%llu] "
			"o.a.c.c.C.[.[.[/].[dispatcherServlet] "
			": java.lang.IllegalStateException: %s %s ",
			(ull)(v % 1000), (ull)(v % 10), words[v % 27],
			words[v / 27 % 27]);
	return (size_t)sprintf(out, "\tat org.example.%s.%sService.handle(%sService.java:%llu) ",
		words[v % 10],
		words[v >> 8 & 7], words[v >> 8 & 7], (ull)(v >> 16 & 1023));
}

static size_t klog(char *out, uint64_t *r)
{
	uint64_t v = random_next(r);
	size_t n = (size_t)sprintf(out, "I1122 10:41:07.%06llu       1 %s.go:%llu] \"",
		(ull)(v % 1000000),
		words[v % 10], (ull)(v >> 20 & 1023));

	n += text(out + n, 20 + (v >> 32) % 80, r);
	return n + (size_t)sprintf(out + n, "\" err=null ");
}

size_t line_make(char *out, enum kind kind, char stream, unsigned container,
	uint64_t sequence, uint64_t *r)
{
	size_t n = 0;

	switch (kind) {
	case KIND_JSON:
		n = json(out, container, sequence, r);
		break;
	case KIND_NGINX:
		n = nginx(out, r);
		break;
	case KIND_LOGFMT:
		n = logfmt(out, r);
		break;
	case KIND_RAILS:
		n = rails(out, r);
		break;
	case KIND_JAVA:
		n = java(out, sequence, r);
		break;
	case KIND_KLOG:
		n = klog(out, r);
		break;
	case KINDS:
		break;
	}
	return n + (size_t)sprintf(out + n, "@@%c%u:%llu:%08lx@@%s", stream, container,
			   (ull)sequence, crc32(0, (const unsigned char *)out, (unsigned)n),
			   kind == KIND_JSON ? "\"}" : "");
}

bool line_check(const char *p, size_t n, struct line_id *out, const char **why)
{
	const char *at = memmem(p, n, "@@", 2);
	const char *end = at ? memmem(at + 2, n - (size_t)(at - p) - 2, "@@", 2) : NULL;
	char mark[96];
	unsigned long crc;
	ull seq;

	*why = "no mark";
	if (!end || (size_t)(end - at) >= sizeof(mark))
		return false;
	memcpy(mark, at + 2, (size_t)(end - at) - 2);
	mark[end - at - 2] = '\0';
	*why = "bad mark";
	if (sscanf(mark, "%c%u:%llu:%8lx", &out->stream, &out->container, &seq, &crc) != 4 ||
		(out->stream != 'o' && out->stream != 'e'))
		return false;
	out->sequence = seq;
	*why = "changed";
	if (crc32(0, (const unsigned char *)p, (unsigned)(at - p)) != crc)
		return false;
	*why = "something after its end";
	end += 2;
	return end == p + n || (p + n - end == 2 && memcmp(end, "\"}", 2) == 0);
}
