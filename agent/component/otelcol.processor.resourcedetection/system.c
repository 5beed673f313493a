#include "agent/component/otelcol.processor.resourcedetection/system.h"

#include "agent/base/arena.h"
#include "agent/loop/file.h"
#include "proto/otlp/any.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/utsname.h>

enum {
	MAX_FILE = 1 << 16,
	MAC_SIZE = 6,
};

const char *const system_attribute_names[SYSTEM_ATTRIBUTES] = {"host.name", "os.type", "host.arch",
	"host.id", "host.ip", "host.mac", "os.description", "os.name", "os.version"};

/* A small file, white space at its ends taken off; p NULL: it cannot be read. */
static struct str slurp(struct arena *a, const char *path)
{
	struct buf text = {0};
	struct str s = {0};

	if (file_read(path, &text, MAX_FILE) == 0)
		s = arena_str(a, str_trim(buf_str(&text)));
	buf_fini(&text);
	return s;
}

static bool next_line(struct str *rest, struct str *line)
{
	if (rest->n == 0)
		return false;
	if (!str_cut(*rest, '\n', line, rest)) {
		*line = *rest;
		*rest = (struct str){0};
	}
	return true;
}

/* The next word; white space is blanks and tabs. */
static struct str next_word(struct str *line)
{
	struct str s = str_trim(*line);
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	*line = str_from_at(s, n);
	return str_head(s, n);
}

/* The first name of the line of /etc/hosts that has this name. */
static struct str long_name(struct arena *a, struct str name)
{
	struct str rest = slurp(a, "/etc/hosts");
	struct str line;

	while (next_line(&rest, &line)) {
		struct str first;
		struct str word;

		next_word(&line);
		first = next_word(&line);
		for (word = first; word.n > 0; word = next_word(&line))
			if (str_eq(word, name) && memchr(first.p, '.', first.n))
				return first;
	}
	return arena_str(a, name);
}

static struct str arch(struct str machine)
{
	static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"},
		{"armv7l", "arm32"}, {"armv6l", "arm32"}, {"i686", "x86"}, {"i386", "x86"},
		{"ppc64le", "ppc64"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_is(machine, names[i][0]))
			return str_from(names[i][1]);
	return machine;
}

/* A line KEY=value or KEY="value" of /etc/os-release. */
static struct str os_release(struct arena *a, const char *key)
{
	struct str rest = slurp(a, "/etc/os-release");
	struct str line;

	while (next_line(&rest, &line)) {
		struct str name;
		struct str value;

		if (!str_cut(line, '=', &name, &value) || !str_is(name, key))
			continue;
		value = str_trim(value);
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = (struct str){value.p + 1, value.n - 2};
		return value;
	}
	return (struct str){0};
}

static bool address_text(const struct ifaddrs *i, bool is_mac, char *text, size_t size)
{
	const struct sockaddr *s = i->ifa_addr;

	if (!s || i->ifa_flags & IFF_LOOPBACK)
		return false;
	if (is_mac) {
		struct sockaddr_ll link;

		if (s->sa_family != AF_PACKET)
			return false;
		memcpy(&link, s, sizeof(link));
		if (link.sll_halen != MAC_SIZE)
			return false;
		snprintf(text, size, "%02X-%02X-%02X-%02X-%02X-%02X", link.sll_addr[0],
			link.sll_addr[1], link.sll_addr[2], link.sll_addr[3], link.sll_addr[4],
			link.sll_addr[5]);
		return true;
	}
	if (s->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, s, sizeof(in));
		return inet_ntop(AF_INET, &in.sin_addr, text, (socklen_t)size) != NULL;
	}
	if (s->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, s, sizeof(in));
		return inet_ntop(AF_INET6, &in.sin6_addr, text, (socklen_t)size) != NULL;
	}
	return false;
}

/* An array of strings. */
static struct str addresses(struct arena *a, bool is_mac)
{
	struct otlp_any v = {.kind = OTLP_ANY_ARRAY};
	struct buf list = {0};
	struct ifaddrs *all;
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) == -1)
		return (struct str){0};
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (address_text(i, is_mac, text, sizeof(text)))
			wire_put_bytes(&list, 1, otlp_any_string(a, str_from(text)));
	freeifaddrs(all);
	v.bytes = arena_str(a, buf_str(&list));
	buf_fini(&list);
	return otlp_any_make(a, &v);
}

static struct str text_of(struct arena *a, enum system_attribute which, bool is_dns)
{
	struct utsname u;

	if (uname(&u) == -1)
		return (struct str){0};
	switch (which) {
	case SYSTEM_HOST_NAME:
		return is_dns ? long_name(a, str_from(u.nodename))
			      : arena_str(a, str_from(u.nodename));
	case SYSTEM_OS_TYPE:
		return STR("linux");
	case SYSTEM_HOST_ARCH:
		return arena_str(a, arch(str_from(u.machine)));
	case SYSTEM_HOST_ID:
		return slurp(a, "/etc/machine-id");
	case SYSTEM_OS_DESCRIPTION:
		return arena_printf(a, "%s %s %s %s %s", u.sysname, u.nodename, u.release,
			u.version, u.machine);
	case SYSTEM_OS_NAME:
		return os_release(a, "NAME");
	case SYSTEM_OS_VERSION:
		return os_release(a, "VERSION_ID");
	case SYSTEM_HOST_IP:
	case SYSTEM_HOST_MAC:
	case SYSTEM_ATTRIBUTES:
		break;
	}
	return (struct str){0};
}

struct str system_attribute(struct arena *a, enum system_attribute which, bool is_dns)
{
	struct str text;

	if (which == SYSTEM_HOST_IP || which == SYSTEM_HOST_MAC)
		return addresses(a, which == SYSTEM_HOST_MAC);
	text = text_of(a, which, is_dns);
	return text.n > 0 ? otlp_any_string(a, arena_str(a, text)) : (struct str){0};
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct str unescape(struct arena *a, struct str s)
{
	char *p = arena_new(a, char, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;

		if (low >= 0) {
			p[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			p[n++] = s.p[i];
		}
	}
	return (struct str){p, n};
}

void system_parse_attributes(struct arena *a, struct str text,
	void (*put)(void *owner, struct str key, struct str value), void *owner)
{
	struct str rest = text;

	while (rest.n > 0) {
		struct str pair;
		struct str key;
		struct str value;

		if (!str_cut(rest, ',', &pair, &rest)) {
			pair = rest;
			rest = (struct str){0};
		}
		if (!str_cut(pair, '=', &key, &value))
			continue;
		key = str_trim(key);
		if (key.n > 0)
			put(owner, key, unescape(a, str_trim(value)));
	}
}
