#pragma once

/* What the files of this folder share: the converter's state, tables of keys, the writer. */

#include "agent/base/map.h"
#include "agent/config/yaml.h"
#include "agent/convert/convert.h"

struct converter {
	struct arena *a;
	const struct convert_flags *flags;
	struct conversion *to;
	struct buf out;                 /* not yet formatted */
	struct str receivers;           /* of all loki.write: "loki.write.default.receiver, …" */
	const struct yaml_node *limits; /* limits_config, or NULL */
	struct str positions;
	struct str sync_period; /* of target_config; empty: none */
	bool reads_files;
	struct map used; /* "component.label" of what there is already: the last number given */
	struct map said; /* what is to be said once only */
};

/* diag.c */
void say(struct converter *c, enum convert_level level, const struct yaml_node *at,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same, the first time only. */
void say_once(struct converter *c, enum convert_level level, const struct yaml_node *at,
	const char *text);
void conversion_add(struct conversion *to, struct arena *a, enum convert_level level,
	const struct yaml_node *at, const char *fmt, va_list ap)
	__attribute__((format(printf, 5, 0)));
void conversion_sort(struct conversion *c); /* by place */

/*
 * keys.c: a map of YAML by a table. The table's order is the order of what is written; a key
 * that is not in it is an error. A null is as if the key were not there.
 */
enum key_kind {
	KEY_TEXT,  /* any scalar */
	KEY_LOWER, /* … in small letters */
	KEY_BOOL,
	KEY_INT,
	KEY_NUMBER,
	KEY_DURATION,
	KEY_SIZE,  /* bytes, perhaps with a unit; written as "4KiB" */
	KEY_BYTES, /* … written as a number */
	KEY_TEXTS, /* a list */
	KEY_NUMBERS,
	KEY_MAP,       /* texts by texts */
	KEY_MAP_TEXTS, /* lists of texts by texts */
	KEY_BLOCK,     /* .keys; nothing is written if it is empty */
	KEY_BLOCKS,    /* a list of those: a block each */
	KEY_RUN,       /* .run() writes it */
	KEY_ELSEWHERE, /* somebody else looks at it */
	KEY_INFO,      /* left out, with .say; also: nothing is said of a false */
	KEY_WARNING,
	KEY_ERROR,
	KEY_MORE, /* .keys are of this table too */
	KEY_END,
};

struct key {
	const char *name;
	const char *attr; /* NULL: the same name */
	const struct key *keys;
	const char *say;
	void (*run)(struct converter *c, struct yaml_node *n);
	enum key_kind kind;
	bool is_required;
	bool zero_is_default;
	bool is_open; /* of KEY_END */
};

/* clang-format off */
#define KEY(n, ...) {.name = (n), .kind = __VA_ARGS__} /* the kind comes first of the rest */
#define KEYS_END {.kind = KEY_END}
#define KEYS_END_IGNORED {.kind = KEY_END, .is_open = true} /* Promtail ignores others */
/* clang-format on */

/* One of them, out of the map that it stands in. */
void convert_key(struct converter *c, const struct yaml_node *map, const struct key *k,
	const char *where);
void convert_keys(struct converter *c, const struct yaml_node *map, const struct key *keys,
	const char *where);

/* Each of them says what is wrong. Null gives an empty one. */
bool want_kind(struct converter *c, const struct yaml_node *n, enum yaml_kind kind,
	const char *where);
/* What the node says; false, and nothing said, if it is not that. */
bool node_bool(const struct yaml_node *n, bool *out);
bool node_bytes(const struct yaml_node *n, int64_t *out);
/* A key that is true; without the key it is what it is without. */
bool is_on(const struct yaml_node *map, const char *key, bool without);
bool has_variable(const struct converter *c, struct str s);

/* emit.c: what is written. Everything stops when there is too much. */
void emit(struct converter *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void emit_open(struct converter *c, const char *name, struct str label); /* empty: no label */
void emit_close(struct converter *c);
void emit_text(struct converter *c, const char *attr, struct str s);
void emit_size(struct converter *c, const char *attr, int64_t bytes);
void emit_map(struct converter *c, const char *attr, const struct yaml_node *map,
	const char *where);
/* Parts of an expression. */
void emit_string(struct converter *c, struct str s);
void emit_entry(struct converter *c, struct str key, struct str s); /* of an object */
/* The same of a map that the user wrote; a null is an empty text. */
void emit_pair(struct converter *c, const struct yaml_pair *pair, const char *where);
bool is_name(struct converter *c, const struct yaml_node *key); /* says so if it is none */
bool is_full(const struct converter *c);
/* A label that the component does not have yet: base, base_2, … */
struct str new_label(struct converter *c, const char *component, struct str base);
struct str as_identifier(struct converter *c, struct str s);

/* env.c: marks variables, undoes what Promtail's expansion undoes. */
#define ENV_BEGIN "\xee\x80\x80" /* U+E000 NAME [ENV_DEFAULT text] ENV_END */
#define ENV_END "\xee\x80\x81"
#define ENV_DEFAULT "\xee\x80\x82"
bool env_mark(struct converter *c, struct str in, struct buf *out);
struct str env_unmark(struct arena *a, struct str s); /* as it was written, for messages */
/* Warns of what looks like a variable, where they are not expanded. */
void env_suspect(struct converter *c, struct str in);

/* http.c, client.c, job.c, targets.c, stage.c, metric.c, relabel.c, source.c */
extern const struct key http_keys[];
extern const struct key server_tls_keys[];
extern const struct key client_tls_keys[];
extern const struct key server_none_keys[]; /* of a server, without counterpart */
void convert_clients(struct converter *c, const struct yaml_node *root);
void convert_job(struct converter *c, const struct yaml_node *job);
void convert_stages(struct converter *c, const struct yaml_node *list);
void convert_limits(struct converter *c);
bool has_limits(const struct converter *c);
void convert_metrics(struct converter *c, const struct yaml_node *map);
void convert_relabel(struct converter *c, const struct yaml_node *list);
/* The discovery blocks of a job; the expression of all its targets, empty if it has none. */
struct str convert_targets(struct converter *c, const struct yaml_node *job, struct str label);
/* journal, syslog, loki_push_api. rules: the expression of relabel_rules, empty: none. */
bool has_listener(const struct yaml_node *job);
void convert_listeners(struct converter *c, const struct yaml_node *job, struct str label,
	struct str receivers, struct str rules);
