/*
 * Finds functions by name, and knows the names that Go and sprig have and this program has not:
 * dates, files, the network, keys and random texts, and what nobody needs for a line of a log.
 */
#include "agent/component/loki.process/template/private.h"

static const struct tpl_func *find(const struct tpl_func *table, struct str name)
{
	for (; table->name; table++) {
		if (str_is(name, table->name))
			return table;
	}
	return NULL;
}

const struct tpl_func *tpl_func_find(struct str name)
{
	const struct tpl_func *const tables[] = {
		tpl_builtins, tpl_texts, tpl_numbers, tpl_lists, tpl_regexes};

	if (str_is(name, tpl_and.name))
		return &tpl_and;
	if (str_is(name, tpl_or.name))
		return &tpl_or;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const struct tpl_func *f = find(tables[i], name);

		if (f)
			return f;
	}
	return NULL;
}

static const char *const foreign[] = {"call", "html", "js", "urlquery", "abbrev", "abbrevboth",
	"add1f", "ago", "b32dec", "b32enc", "base", "bcrypt", "buildCustomCert", "camelcase",
	"chunk", "clean", "compact", "concat", "date", "dateInZone", "dateModify", "date_in_zone",
	"date_modify", "decryptAES", "deepCopy", "deepEqual", "derivePassword", "dig", "dir",
	"duration", "durationRound", "encryptAES", "env", "expandenv", "ext", "genCA",
	"genCAWithKey", "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey",
	"genSignedCert", "genSignedCertWithKey", "getHostByName", "hello", "htmlDate",
	"htmlDateInZone", "htpasswd", "initials", "isAbs", "kebabcase", "maxf", "merge",
	"mergeOverwrite", "minf", "mustAppend", "mustChunk", "mustCompact", "mustDateModify",
	"mustDeepCopy", "mustFirst", "mustFromJson", "mustHas", "mustInitial", "mustLast",
	"mustMerge", "mustMergeOverwrite", "mustPrepend", "mustPush", "mustRegexFindAll",
	"mustRegexSplit", "mustRest", "mustReverse", "mustSlice", "mustToDate", "mustToJson",
	"mustToPrettyJson", "mustToRawJson", "mustUniq", "mustWithout", "must_date_modify", "now",
	"omit", "osBase", "osClean", "osDir", "osExt", "osIsAbs", "pick", "pluck", "plural",
	"prepend", "randAlpha", "randAlphaNum", "randAscii", "randBytes", "randInt", "randNumeric",
	"regexFindAll", "regexSplit", "semver", "semverCompare", "seq", "sha1sum", "sha512sum",
	"shuffle", "snakecase", "sortAlpha", "toDate", "toDecimal", "toPrettyJson", "toRawJson",
	"toStrings", "typeIs", "typeIsLike", "typeOf", "uniq", "unixEpoch", "unset", "untilStep",
	"urlJoin", "urlParse", "uuidv4", "without", "wrap", "wrapWith"};

bool tpl_func_is_foreign(struct str name)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (str_is(name, foreign[i]))
			return true;
	}
	return false;
}
